// The header that names a download.

/** The name a Content-Disposition header gives (RFC 6266, the UTF-8 form first). */
export function nameIn(disposition: string): string | null {
  const coded = /filename\*=UTF-8''([^;\s]+)/i.exec(disposition)?.[1];
  if (coded !== undefined) {
    try {
      return decodeURIComponent(coded);
    } catch {
      // A header nobody wrote on purpose; the plain name below will do.
    }
  }
  return /filename="([^"]*)"/i.exec(disposition)?.[1] ?? null;
}
