// Builds static/dist from the sources beside it. Paths start from this file, so it runs from any directory.
// Only what pages ask for is copied: the files named by url() in the style sheet, htmx, and the icons listed below.
import { cp, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { compile } from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const packages = join(here, "..", "node_modules");
const uswds = join(packages, "@uswds", "uswds");
const dist = join(here, "dist");

const ICONS = [
  "account_circle",
  "arrow_downward",
  "arrow_upward",
  "check",
  "check_circle",
  "close",
  "error",
  "expand_more",
  "file_download",
  "filter_alt",
  "first_page",
  "history",
  "info",
  "last_page",
  "lock_outline",
  "logout",
  "menu",
  "navigate_before",
  "navigate_next",
  "schedule",
  "search",
  "topic",
  "unfold_more",
  "warning",
];

async function styles() {
  const { css } = compile(join(here, "sass", "beacon.scss"), {
    style: "compressed",
    quietDeps: true,
    loadPaths: [join(uswds, "packages")],
  });
  // The content security policy allows neither of the two.
  const foreign = css.match(/url\(["']?(?:data:|https?:|\/\/)[^)]*/);
  if (foreign) throw new Error(`The style sheet refers to something outside: ${foreign[0].slice(0, 80)}`);
  const files = new Set([...css.matchAll(/url\(["']?([^"')?#]+)/g)].map((match) => match[1]));
  for (const file of files) await cp(join(uswds, "dist", file), join(dist, file));
  await writeFile(join(dist, "beacon.css"), css);
  await writeFile(join(dist, "paper.css"), compile(join(here, "sass", "paper.scss")).css);
}

async function icons() {
  const symbols = await Promise.all(
    ICONS.map(async (name) => {
      const svg = await readFile(join(uswds, "dist", "img", "usa-icons", `${name}.svg`), "utf8");
      const [, box] = svg.match(/viewBox="([^"]+)"/);
      const [, body] = svg.match(/<svg[^>]*>([\s\S]*)<\/svg>/);
      return `<symbol id="${name}" viewBox="${box}">${body.trim()}</symbol>`;
    }),
  );
  await writeFile(join(dist, "icons.svg"), `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`);
}

async function scripts() {
  await build({
    entryPoints: [join(here, "js", "beacon.js")],
    outfile: join(dist, "beacon.js"),
    bundle: true,
    minify: true,
    target: "es2022",
    legalComments: "none",
    logLevel: "warning",
  });
  await cp(join(packages, "htmx.org", "dist", "htmx.min.js"), join(dist, "htmx.min.js"));
}

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await Promise.all([styles(), icons(), scripts()]);
