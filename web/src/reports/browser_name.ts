// How a browser is called by people.

const BROWSERS: [RegExp, string][] = [
  [/Edg\/([\d]+)/, "Edge"],
  [/OPR\/([\d]+)/, "Opera"],
  [/Firefox\/([\d]+)/, "Firefox"],
  [/Chrome\/([\d]+)/, "Chrome"],
  [/Version\/([\d.]+).*Safari/, "Safari"],
];
const SYSTEMS: [RegExp, string][] = [
  [/Android/, "Android"],
  [/iPhone|iPad/, "iOS"],
  [/Mac OS X/, "macOS"],
  [/Windows/, "Windows"],
  [/Linux/, "Linux"],
];

/** "Firefox 140 on Linux": enough to look for the error, less than what browsers say of themselves. */
export function browserName(agent: string): string {
  const [pattern, name] = BROWSERS.find(([known]) => known.test(agent)) ?? [null, "Another browser"];
  const version = pattern?.exec(agent)?.[1];
  const system = SYSTEMS.find(([known]) => known.test(agent))?.[1];
  return [name, version].filter(Boolean).join(" ") + (system ? ` on ${system}` : "");
}
