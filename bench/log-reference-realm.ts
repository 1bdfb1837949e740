/** The realm of the reference without a page: evaluates what it is sent. */
process.on("message", async (code: string) => {
  process.send?.(await (0, eval)(code));
});
