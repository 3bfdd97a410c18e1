import list from './package-hashes.json' with { type: 'json' };

export type HashVerdict = 'match' | 'mismatch' | 'no_reference';

/** A package file as it was found. Hashes in lower-case hexadecimal. */
export interface PackageFile {
  /** Without its folder. */
  readonly name: string;
  readonly sha256: string;
  readonly sha1: string;
  /** What the file should be, when somebody says so; else the KB in its name counts. */
  readonly kb?: string | undefined;
}

/** One comparison of a file with something that vouches for it. */
export interface HashCheck {
  readonly by: 'reference_list' | 'file_name';
  readonly verdict: 'match' | 'mismatch';
  /** The hashes it should have one of. */
  readonly expected: readonly string[];
  readonly reason: string;
}

export interface PackageVerdict {
  /** The KB that the file is, or claims to be; null when nothing says. */
  readonly kb: string | null;
  readonly verdict: HashVerdict;
  readonly checks: readonly HashCheck[];
}

/** Microsoft Update Catalog ends a file's name with its SHA-1; browsers may put ` (1)` behind it. */
const SHA1_IN_NAME = /_([0-9a-f]{40})(?![0-9a-z])/i;
const KB_IN_NAME = /(?:^|[^a-z0-9])kb(\d{6,8})(?!\d)/i;

/**
 * Whether a package file is what it claims to be: by the reviewed list of SHA-256, and by the SHA-1 in its name. One
 * mismatch decides; the name alone proves less, because whoever changes a file can change its name.
 */
export function judgePackage(file: PackageFile): PackageVerdict {
  const listed = list.packages.find(({ sha256 }) => sha256 === file.sha256);
  const claimed = file.kb ?? kbInName(file.name);
  const checks = [checkList(file, claimed, listed), checkName(file)].filter((check) => check !== null);
  return {
    kb: claimed ?? listed?.kb ?? null,
    verdict: checks.some(({ verdict }) => verdict === 'mismatch')
      ? 'mismatch'
      : checks.length > 0
        ? 'match'
        : 'no_reference',
    checks,
  };
}

function checkList(
  { sha256 }: PackageFile,
  claimed: string | null,
  listed: (typeof list.packages)[number] | undefined,
): HashCheck | null {
  if (listed) {
    const isOther = claimed !== null && claimed !== listed.kb;
    return {
      by: 'reference_list',
      verdict: isOther ? 'mismatch' : 'match',
      expected: isOther ? hashesOf(claimed) : [sha256],
      reason: isOther
        ? `The file is ${listed.kb}, not ${claimed} (${listed.source}).`
        : `The file is ${listed.kb} (${listed.source}).`,
    };
  }
  const expected = claimed === null ? [] : hashesOf(claimed);
  return expected.length === 0
    ? null
    : {
        by: 'reference_list',
        verdict: 'mismatch',
        expected,
        reason: `The file is none of those known as ${claimed}.`,
      };
}

function checkName({ name, sha1 }: PackageFile): HashCheck | null {
  const expected = SHA1_IN_NAME.exec(name)?.[1]?.toLowerCase();
  if (expected === undefined) return null;
  const matches = expected === sha1;
  return {
    by: 'file_name',
    verdict: matches ? 'match' : 'mismatch',
    expected: [expected],
    reason: matches
      ? "The SHA-1 in the file's name is the file's own."
      : "The SHA-1 in the file's name is not the file's own.",
  };
}

function kbInName(name: string): string | null {
  const digits = KB_IN_NAME.exec(name)?.[1];
  return digits === undefined ? null : `KB${digits}`;
}

const hashesOf = (kb: string): string[] =>
  list.packages.filter((row) => row.kb === kb).map(({ sha256 }) => sha256);
