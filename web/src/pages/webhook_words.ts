// What became of a call to a webhook, in words.

export interface Attempt {
  number: number;
  at: string;
  status: number | null;
  problem: string | null;
  duration_ms: number | null;
}

const PROBLEMS: Record<string, string> = {
  timeout: "no answer in time",
  unreachable: "could not be reached",
  private_address: "leads into a private network",
  redirect: "answered with a redirect, which is not followed",
  interrupted: "broken off",
  secret_unreadable: "its secret cannot be read any more: renew it",
  bad_address: "not an address that can be called",
  submission_gone: "the report is gone",
};

export function told({ status, problem, duration_ms }: Attempt): string {
  const said = [status && `status ${status}`, problem && (PROBLEMS[problem] ?? problem)].filter(Boolean).join(", ");
  return duration_ms === null ? said : `${said}, ${duration_ms.toLocaleString("en")} ms`;
}
