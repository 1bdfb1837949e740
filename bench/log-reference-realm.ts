/** The realm of the reference without a page: evaluates what it is sent. */
process.on("message", async (code: string) => {
  // oxlint-disable-next-line no-eval -- evaluating what it is sent is what a realm does
  process.send?.(await (0, eval)(code));
});
