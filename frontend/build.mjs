// Builds everything the pages load from node_modules into ../src/titian/web/static/vendor.
import { cp, mkdir, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { gzipSync } from "node:zlib";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const modules = path.join(here, "node_modules");
const out = process.argv[2] ?? path.join(here, "../src/titian/web/static/vendor");
const COMPRESSED = new Set([".js", ".css", ".svg"]);
const FORBIDDEN = [/\beval\s*\(/, /@import\s+url\(["']?https?:/, /url\(["']?https?:/];

// Basecoat's popover takes the focus back when the reader clicks elsewhere; a click elsewhere keeps it.
const politePopover = {
  name: "polite-popover",
  setup(bundle) {
    bundle.onLoad({ filter: /basecoat-css[\\/]dist[\\/]js[\\/]popover\.js$/ }, async ({ path: file }) => {
      const source = await readFile(file, "utf8");
      const mended = source.replace(
        /(if \(!popoverComponent\.contains\(event\.target\)\) \{\s*)closePopover\(\);/,
        "$1closePopover(false);",
      );
      if (mended === source) throw new Error("basecoat's popover.js has changed; look at politePopover");
      return { contents: mended, loader: "js" };
    });
  },
};

async function scripts() {
  const shared = { bundle: true, minify: true, target: "es2022", legalComments: "none" };
  await build({ ...shared, entryPoints: [path.join(here, "src/app.js")], outdir: out, format: "iife", plugins: [politePopover] });
  await build({
    ...shared,
    entryPoints: ["charts", "grid"].map((name) => path.join(here, `src/${name}.js`)),
    outdir: out,
    format: "esm",
  });
}

async function styles() {
  const copies = {
    "basecoat.css": "basecoat-css/dist/basecoat-nova.cdn.min.css",
    "grid.css": "tabulator-tables/dist/css/tabulator_simple.min.css",
    "swagger.css": "swagger-ui-dist/swagger-ui.css",
    "swagger.js": "swagger-ui-dist/swagger-ui-bundle.js",
  };
  for (const [to, from] of Object.entries(copies)) {
    const text = await readFile(path.join(modules, from), "utf8");
    await writeFile(path.join(out, to), text.replace(/\n?\/[/*]# sourceMappingURL=.*$/m, ""));
  }
}

async function fonts() {
  await mkdir(path.join(out, "fonts"), { recursive: true });
  const faces = [];
  for (const [folder, keep] of [["noto-sans-sc", /./], ["jetbrains-mono", /-latin-wght-normal\./]]) {
    const source = path.join(modules, "@fontsource-variable", folder);
    const css = await readFile(path.join(source, "index.css"), "utf8");
    for (const face of css.match(/@font-face\s*{[^}]*}/g) ?? []) {
      const file = /url\(\.\/files\/([^)]+)\)/.exec(face)?.[1];
      if (!file || !keep.test(file)) continue;
      await cp(path.join(source, "files", file), path.join(out, "fonts", file));
      faces.push(face.replace("./files/", "fonts/").replace(/\s+/g, " "));
    }
  }
  if (faces.length < 50) throw new Error(`only ${faces.length} font faces found`);
  await writeFile(path.join(out, "fonts.css"), faces.join("\n"));
}

async function icons() {
  const wanted = (await readFile(path.join(here, "icons.txt"), "utf8")).split("\n").filter(Boolean);
  const set = JSON.parse(await readFile(path.join(modules, "@iconify-json/lucide/icons.json"), "utf8"));
  const body = (name) => {
    const icon = set.icons[name] ?? set.icons[set.aliases?.[name]?.parent];
    if (!icon) throw new Error(`no icon ${name} in lucide; mend frontend/icons.txt`);
    return `<symbol id="${name}" viewBox="0 0 24 24">${icon.body.replaceAll('stroke-width="2"', "")}</symbol>`;
  };
  const sprite = `<svg xmlns="http://www.w3.org/2000/svg">${wanted.map(body).join("")}</svg>`;
  await writeFile(path.join(out, "icons.svg"), sprite);
}

async function seal() {
  for (const name of await readdir(out)) {
    const file = path.join(out, name);
    if (!COMPRESSED.has(path.extname(name))) continue;
    const bytes = await readFile(file);
    const bad = FORBIDDEN.find((rule) => rule.test(bytes.toString("utf8")));
    if (bad) throw new Error(`${name} matches ${bad}, which the pages' security policy refuses`);
    await writeFile(`${file}.gz`, gzipSync(bytes, { level: 9 }));
  }
}

await rm(out, { recursive: true, force: true });
await mkdir(out, { recursive: true });
await Promise.all([scripts(), styles(), fonts(), icons()]);
await seal();
