import { createServer, type AddressInfo } from "node:net";
import { createServer as createHttpServer } from "node:http";
import { expect, onTestFinished, test } from "vitest";
import { statusOf } from "../../../src/server/dev-servers/external/probes.ts";

test.each(["", "nonsense", "//127.0.0.1/", "ftp://127.0.0.1/", "file:///etc/passwd"])(
  "%j answers nothing, and nothing is thrown",
  async (address) => {
    expect(await statusOf(`${address}@vite/client`)).toBe(0);
  },
);

test("any answer of HTTP has a status, other words and silence have none", async () => {
  const server = createHttpServer((request, response) => {
    if (request.url === "/hung") return;
    response.writeHead(Number(request.url?.slice(1))).end();
  });
  const other = createServer((socket) => socket.resume().end("220 mail.example\r\n"));
  const listening = [server, other].map(async (each) => {
    await new Promise<void>((resolve) => each.listen(0, "127.0.0.1", resolve));
    onTestFinished(() => new Promise((resolve) => void each.close(() => resolve())));
    return `http://127.0.0.1:${(each.address() as AddressInfo).port}`;
  });
  const [http = "", mail = ""] = await Promise.all(listening);
  expect(await statusOf(`${http}/200`)).toBe(200);
  expect(await statusOf(`HTTP${http.slice(4)}/503`)).toBe(503);
  expect(await statusOf(`${http}/hung`)).toBe(0);
  expect(await statusOf(`${mail}/`)).toBe(0);
});
