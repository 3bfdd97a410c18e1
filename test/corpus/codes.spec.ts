import { readdirSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { explainSpelling } from '#domain/codes/explain-code.js';
import required from '#domain/codes/required-codes.json' with { type: 'json' };
import { corpusFiles, corpusIsPresent, corpusPath, expectedOf, sayCorpusIsMissing } from './corpus-files.js';

const CODE = /\b0x[0-9a-f]{8}\b|\b(?:HRESULT|NTSTATUS)_FROM_WIN32\([A-Z0-9_]+\)/gi;

/** Every spelling of a code in what is expected of the corpus' files. */
function spellings(): ReadonlySet<string> {
  const found = new Set<string>();
  for (const folder of readdirSync(corpusPath('expected', '')))
    if (!folder.includes('.'))
      for (const name of corpusFiles(folder))
        for (const [spelling] of JSON.stringify(expectedOf(folder, name)).matchAll(CODE)) found.add(spelling);
  return found;
}

if (!corpusIsPresent) sayCorpusIsMissing();
else
  describe('codes of the corpus', () => {
    it('are explained, but for the few that nobody has named', () => {
      const codes = [...spellings()];
      const silent = codes.filter((spelling) => {
        const answer = explainSpelling(spelling, 'hresult');
        return answer?.ambiguous !== false || answer.status !== 'explained';
      });
      process.stdout.write(
        `codes of the corpus: ${codes.length} spellings, without a sentence: ${silent.join(', ')}\n`,
      );
      expect(codes.length).toBeGreaterThan(50);
      for (const spelling of silent) expect(required.nameless).toContain(spelling.toLowerCase());
    });
  });
