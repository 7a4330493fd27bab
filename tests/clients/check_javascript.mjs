#!/usr/bin/env node
// Reads the three documents with rss-parser and feedsmith and compares every field of every item.
//
// usage: check_javascript.mjs BASE TRUTH [--newest N]

import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { parseFeed } from "feedsmith";
import Parser from "rss-parser";

const { positionals: [base, truthFile], values } = parseArgs({ allowPositionals: true, options: { newest: { type: "string" } } });
const instant = (text) => new Date(text).getTime();
const oneLine = (text) => (text ?? "").replace(/\s+/gu, " ").trim();
const quotes = /^['"‘’“”«»„‹› ]+|['"‘’“”«»„‹› ]+$/gu;
let expected = readFileSync(truthFile, "utf8").trim().split("\n").map((line) => JSON.parse(line)).filter((line) => line.expected === "item");
expected.sort((a, b) => instant(b.updated) - instant(a.updated));
expected = expected.slice(0, values.newest ?? expected.length);

let passed = 0;
let failed = 0;

function check(name, found, seen = "") {
  const problems = seen === 0 && found.length === 0 ? ["there was nothing to look at"] : found;
  if (problems.length === 0) {
    passed += 1;
    console.log(`ok   ${name} (${seen})`);
    return;
  }
  failed += 1;
  console.log(`FAIL ${name} (${seen}): ${problems.length} wrong`);
  problems.slice(0, 4).forEach((problem) => console.log(`       ${problem}`.slice(0, 700)));
}

const entities = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'", "#39": "'", "#34": '"' };

const unescaped = (html) => (html ?? "").replace(/&(\w+|#\d+);/gu, (whole, name) => entities[name] ?? whole);

function blocks(html) {
  const found = [...(html ?? "").matchAll(/<(\w+)([^>]*)>([^<]*)<\/\1>/gu)].map(([, tag, attributes, inner]) => {
    const text = unescaped(inner);
    return [tag + attributes, tag === "h3" ? text.replace(quotes, "") : oneLine(text)];
  });
  return JSON.stringify(found);
}

function compare(name, records, fields) {
  const byId = new Map(expected.flatMap((item) => item.ids.map((id) => [id, item])));
  const unnamed = expected.filter((item) => item.ids.length === 0);
  const pairs = [];
  const used = new Set();
  const strangers = [];
  for (const record of records) {
    const item = byId.get(record.id)
      ?? (record.id?.startsWith("tag:") ? unnamed.find((each) => !used.has(each) && each.title === record.title) : undefined);
    if (!item || used.has(item)) strangers.push(`${item ? "twice" : "not expected"}: ${record.id}`);
    else {
      used.add(item);
      pairs.push([item, record]);
    }
  }
  const missing = expected.filter((item) => !used.has(item)).map((item) => `missing: ${item.path}`);
  check(`${name} items`, [...strangers, ...missing], `${records.length} of ${expected.length}`);
  const wants = {
    title: (item) => item.title,
    url: (item, record) => item.url ?? (record.url?.includes("/items/") ? record.url : "a page of ours"),
    published: (item) => instant(item.published),
    updated: (item) => instant(item.updated),
    blocks: (item) => JSON.stringify(item.blocks.map(([tag, text]) => [tag, tag === "h3" ? text : oneLine(text)])),
    categories: (item) => JSON.stringify(item.categories),
    summary: (item, record) => {
      if (item.summary !== null) return oneLine(item.summary);
      const text = oneLine(item.blocks.filter(([tag]) => tag === "p").map(([, text]) => text).join(" "));
      const bare = oneLine(record.summary).replace(/…$/u, "").trimEnd();
      return bare && text.startsWith(bare) && [...record.summary].length <= 301 ? record.summary : `a beginning of ${text.slice(0, 300)}`;
    },
  };
  for (const field of fields) {
    const problems = pairs.map(([item, record]) => [item, record[field], wants[field](item, record)])
      .filter(([, got, want]) => got !== want).map(([item, got, want]) => `${item.path}: ${got}, not ${want}`);
    check(`${name} ${field}`, problems, pairs.length);
  }
}

async function text(path) {
  const answer = await fetch(base + path);
  if (answer.status !== 200) throw new Error(`${path}: ${answer.status}`);
  return answer.text();
}

const [rss, atom, json] = await Promise.all(["/rss.xml", "/atom.xml", "/feed.json"].map(text));
const parser = new Parser({ customFields: { item: [["atom:updated", "atomUpdated"]] } });
const list = (values) => JSON.stringify((values ?? []).map((value) => value.term ?? value._ ?? value.name ?? value));

// The description of RSS is HTML, unlike the summaries of the other two.
compare("rss-parser /rss.xml", (await parser.parseString(rss)).items.map((item) => ({
  id: item.guid, url: item.link, title: item.title, published: instant(item.pubDate), updated: instant(item.atomUpdated),
  blocks: blocks(item["content:encoded"]), summary: unescaped(item.content), categories: list(item.categories),
})), ["title", "url", "published", "updated", "blocks", "summary", "categories"]);

compare("rss-parser /atom.xml", (await parser.parseString(atom)).items.map((item) => ({
  id: item.id, url: item.link, title: item.title, published: instant(item.pubDate), blocks: blocks(item.content), summary: item.summary,
})), ["title", "url", "published", "blocks", "summary"]);

const read = (body, format) => {
  const result = parseFeed(body);
  check(`feedsmith tells ${format}`, result.format === format ? [] : [result.format]);
  return result.feed;
};

const valueOf = (part) => part?.value ?? part;

compare("feedsmith /rss.xml", read(rss, "rss").items.map((item) => ({
  id: valueOf(item.guid), url: item.link, title: valueOf(item.title), published: instant(item.pubDate), updated: instant(item.atom?.updated),
  blocks: blocks(item.content?.encoded), summary: unescaped(valueOf(item.description)), categories: list(item.categories),
})), ["title", "url", "published", "updated", "blocks", "summary", "categories"]);

compare("feedsmith /atom.xml", read(atom, "atom").entries.map((entry) => ({
  id: entry.id, url: entry.links?.find((link) => (link.rel ?? "alternate") === "alternate")?.href, title: valueOf(entry.title),
  published: instant(entry.published), updated: instant(entry.updated), blocks: blocks(valueOf(entry.content)), summary: valueOf(entry.summary),
  categories: list(entry.categories),
})), ["title", "url", "published", "updated", "blocks", "summary", "categories"]);

compare("feedsmith /feed.json", read(json, "json").items.map((item) => ({
  id: item.id, url: item.url, title: item.title, published: instant(item.date_published), updated: instant(item.date_modified),
  blocks: blocks(item.content_html), summary: item.summary, categories: list(item.tags),
})), ["title", "url", "published", "updated", "blocks", "summary", "categories"]);

console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
