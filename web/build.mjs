// Bundles the browser sources into dist/: hashed names, and manifest.json telling the server which is which.

import { build } from "esbuild";
import { copyFile, mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import { readFileSync } from "node:fs";

const here = fileURLToPath(new URL(".", import.meta.url));
const source = (name) => join(here, "src", name);
const dist = join(here, "dist");
const scratch = join(here, "dist.new");

// lang-markdown brings the HTML language for raw HTML in Markdown; the draft shows it as text (saves 66 kB gzip).
const withoutHtml = {
  name: "without-html",
  setup({ onResolve }) {
    onResolve({ filter: /^@codemirror\/lang-html$/ }, () => ({ path: source("editor/no_html.ts") }));
  },
};

const common = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: scratch,
  target: ["chrome120", "firefox120", "safari17.4"],
  legalComments: "none",
  logLevel: "warning",
  absWorkingDir: here,
};

const icons = ["icon-192", "icon-512", "icon-maskable", "icon-180"];
/** Other scripts' fonts are kept once a page has used them. */
const WRITTEN_FONTS = /-latin-wght-.*\.woff2$/;

async function bundle() {
  await rm(scratch, { recursive: true, force: true });
  await mkdir(scratch, { recursive: true });
  const modules = await build({
    ...common,
    entryPoints: [source("app.ts"), source("editor.ts"), source("reader.ts")],
    format: "esm",
    splitting: true,
    entryNames: "[name]-[hash]",
    chunkNames: "chunks/[name]-[hash]",
    plugins: [withoutHtml],
  });
  const theme = await build({ ...common, entryPoints: [source("theme.ts")], format: "iife", entryNames: "[name]-[hash]" });
  const styles = await build({
    ...common,
    entryPoints: [source("styles.css"), source("icon.svg"), ...icons.map((name) => source(`icons/${name}.png`))],
    entryNames: "[name]-[hash]",
    assetNames: "fonts/[name]-[hash]",
    loader: { ".woff2": "file", ".svg": "copy", ".png": "copy" },
  });
  // The offline shell knows the files of its build, so that every page opens without a network from the first visit on.
  const shell = [modules, theme, styles].flatMap(({ metafile }) => Object.keys(metafile.outputs)).map((path) => relative(scratch, join(here, path)));
  const define = { SHELL_FILES: JSON.stringify(shell.filter((path) => /\.(js|css|svg)$/.test(path) || WRITTEN_FONTS.test(path)).sort()) };
  await build({ ...common, entryPoints: [source("sw.ts"), source("embed.ts")], format: "iife", entryNames: "[name]", define });
  return [modules, theme, styles].map(({ metafile }) => metafile.outputs);
}

// Fonts of exported PDFs: whole, as TrueType, read by the server.
const printed = [
  "@expo-google-fonts/literata/400Regular/Literata_400Regular.ttf",
  "@expo-google-fonts/literata/400Regular_Italic/Literata_400Regular_Italic.ttf",
  "@expo-google-fonts/literata/700Bold/Literata_700Bold.ttf",
  "@expo-google-fonts/literata/700Bold_Italic/Literata_700Bold_Italic.ttf",
  "@expo-google-fonts/jetbrains-mono/400Regular/JetBrainsMono_400Regular.ttf",
  "dejavu-fonts-ttf/ttf/DejaVuSans.ttf",
  "@expo-google-fonts/noto-emoji/400Regular/NotoEmoji_400Regular.ttf",
  "@expo-google-fonts/chocolate-classical-sans/400Regular/ChocolateClassicalSans_400Regular.ttf",
  "@expo-google-fonts/zcool-xiaowei/400Regular/ZCOOLXiaoWei_400Regular.ttf",
  "@expo-google-fonts/sawarabi-mincho/400Regular/SawarabiMincho_400Regular.ttf",
  "@expo-google-fonts/nanum-myeongjo/400Regular/NanumMyeongjo_400Regular.ttf",
];

async function copyPrintedFonts() {
  await mkdir(join(scratch, "print"));
  for (const path of printed) await copyFile(join(here, "node_modules", path), join(scratch, "print", basename(path)));
}

const manifest = {};
for (const outputs of await bundle()) {
  for (const [path, { entryPoint }] of Object.entries(outputs)) {
    if (!entryPoint) continue;
    const logical = basename(entryPoint).replace(/\.ts$/, ".js");
    manifest[logical] = relative(scratch, join(here, path));
  }
}
await copyPrintedFonts();
await writeFile(join(scratch, "manifest.json"), `${JSON.stringify(manifest, null, 2)}\n`);

// A finished build replaces the old one; a failed one leaves it standing.
await rm(dist, { recursive: true, force: true });
await rename(scratch, dist);

const size = (bytes) => `${(bytes / 1000).toFixed(1)} kB`;
for (const folder of [".", "chunks"]) {
  for (const name of (await readdir(join(dist, folder)).catch(() => [])).sort()) {
    if (!/\.(js|css)$/.test(name)) continue;
    const content = readFileSync(join(dist, folder, name));
    console.log(`${join(folder, name).padEnd(40)} ${size(content.length).padStart(10)}  gzip ${size(gzipSync(content, { level: 9 }).length)}`);
  }
}
