// What the API tells about attachments, and the calls the pages make.

import { api } from "../common/api.js";

export interface Attached {
  id: string;
  name: string;
  size: number;
  mime_type: string;
  state: string;
  reason: string | null;
  width: number | null;
  height: number | null;
}
export interface Fetchable extends Attached {
  url: string | null;
  download_url: string | null;
}
export interface UploadState {
  id: string;
  offset: number;
  size: number;
  part_bytes: number;
}
export interface Accepted {
  most_bytes: number;
  most_per_message: number;
  suffixes: string[];
  scanned: boolean;
}

let known: Promise<Accepted> | null = null;

/** What may be attached; asked once. */
export function accepted(): Promise<Accepted> {
  known ??= api<Accepted>("GET", "/api/attachments/accepted").catch((error: unknown) => {
    known = null;
    throw error;
  });
  return known;
}

export const attachedTo = async (message: string): Promise<Attached[]> => (await api<{ items: Attached[] }>("GET", `/api/messages/${message}/attachments`)).items;
export const attachment = (id: string): Promise<Fetchable> => api("GET", `/api/attachments/${id}`);
export const removeAttachment = (id: string): Promise<void> => api("DELETE", `/api/attachments/${id}`);

const IN_PLACE = new Set(["image/png", "image/jpeg", "image/gif", "image/webp"]);
/** Whether it is a picture that is shown within the page. */
export const isPicture = ({ mime_type }: { mime_type: string }): boolean => IN_PLACE.has(mime_type);

export function bytes(size: number): string {
  if (size < 1_000) return `${size} B`;
  for (const unit of ["kB", "MB", "GB"]) {
    size /= 1_000;
    if (size < 999.5) return `${size < 9.95 ? size.toFixed(1).replace(/\.0$/, "") : Math.round(size)} ${unit}`;
  }
  return `${(size / 1_000).toFixed(1)} TB`;
}

/** Saves a file: its address is asked for when it is wanted, since it is good for a minute only. */
export async function download(id: string): Promise<void> {
  const { download_url } = await attachment(id);
  if (download_url) location.assign(download_url);
}
