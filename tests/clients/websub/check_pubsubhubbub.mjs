// npm's pubsubhubbub subscribes to our hub. Without a secret: it gives the hub a derived one and then checks with another.
//
// usage: check_pubsubhubbub.mjs PROGRAM

import { spawn } from 'node:child_process';
import { mkdtempSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pubsubhubbub from 'pubsubhubbub';

const PATIENCE = 60_000;
const counts = { passed: 0, failed: 0 };
const folder = mkdtempSync(join(tmpdir(), 'websub-'));
const seeds = join(folder, 'seeds');

function expect(holds, what) {
  counts[holds ? 'passed' : 'failed'] += 1;
  console.log(holds ? 'ok' : 'FAIL', what);
}

function write(number) {
  const url = `https://source.example/20260101/story-${1000000 + number}.html`;
  const minute = String(number).padStart(2, '0');
  const text = ` date 2026-01 ${url}\n\nStory ${number}\n\n2026-01-01\n\n2026-01-01T00:${minute}+0300\n\nÇünkü ${number}.\n`;
  writeFileSync(join(seeds, '.new.tmp'), text);
  renameSync(join(seeds, '.new.tmp'), join(seeds, `${number}.txt`));
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

mkdirSync(seeds);
write(0);
const config = '[http]\nlisten = ["127.0.0.1:0"]\nadmin_listen = ""\n[hub]\nallow_callbacks = ["127.0.0.0/8"]\n';
writeFileSync(join(folder, 'seedcast.toml'), config);
const service = spawn(
  process.argv[2],
  ['serve', '--config', join(folder, 'seedcast.toml'), '--seeds', seeds, '--store', `sqlite:${folder}/store.db`],
  { stdio: ['ignore', 'ignore', 'pipe'] },
);
const base = await new Promise((resolve) => {
  createInterface({ input: service.stderr }).on('line', (line) => {
    const found = line.match(/listening on (http:\/\/\S+)/);
    if (found) resolve(found[1]);
  });
});
while ((await fetch(`${base}/readyz`)).status !== 200) await new Promise((resolve) => setTimeout(resolve, 50));

const port = await freePort();
const subscriber = pubsubhubbub.createServer({ callbackUrl: `http://127.0.0.1:${port}` });
const next = (event, wait = PATIENCE) =>
  new Promise((resolve) => {
    const timer = setTimeout(() => resolve(null), wait);
    subscriber.once(event, (data) => {
      clearTimeout(timer);
      resolve(data);
    });
  });
const listening = next('listen');
subscriber.listen(port, '127.0.0.1');
await listening;

const [topic, hub] = [`${base}/atom.xml`, `${base}/hub`];
const accepted = (mode) => new Promise((resolve) => subscriber[mode](topic, hub, (error) => resolve(error ?? null)));

let event = next('subscribe');
expect((await accepted('subscribe')) === null, 'the hub accepts the request');
expect((await event)?.topic === topic, 'the subscription is verified');
for (const number of [1, 2]) {
  event = next('feed');
  write(number);
  const delivery = await event;
  const document = await fetch(topic);
  const body = Buffer.from(await document.arrayBuffer());
  expect(delivery?.feed.includes(`Story ${number}`), `story ${number} is delivered`);
  expect(delivery?.feed.equals(body), 'and is the document at the topic');
  expect(delivery?.headers['content-type'] === document.headers.get('content-type'), 'with its type');
  expect(delivery?.headers['x-hub-signature'] === undefined, 'and no signature without a secret');
}
event = next('unsubscribe');
expect((await accepted('unsubscribe')) === null, 'the hub accepts the end');
expect((await event)?.topic === topic, 'the end is verified');
event = next('feed', 3000);
await new Promise((resolve) => setTimeout(resolve, 300));
write(3);
expect((await event) === null, 'then nothing comes any more');

const ended = new Promise((resolve) => service.once('exit', resolve));
service.kill('SIGTERM');
expect((await ended) === 0, 'the service stops in order');
rmSync(folder, { recursive: true, force: true });
console.log(`${counts.passed} passed, ${counts.failed} failed`);
process.exit(counts.failed > 0 ? 1 : 0);
