// The overview: see views/overview.js.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { at, done, everywhere, harmless } from './browser.mjs';

test('the overview says what needs a look, and why', async () => {
  const page = await at('');
  const found = (text) => page.waitForSelector(`.attention li:has-text("${text}")`);
  await found('audit has');
  await found('of which none was ever taken');
  await found('were published to no queue');
  await found('dead letters from emails');
  await found('search-index delivers the same messages again and again');
  page.setDefaultTimeout(40_000);
  await found('its consumers hold on');
  assert.notEqual(await page.textContent('h1'), 'All is well.');
  await page.focus('lv-plot svg');
  await page.keyboard.press('End');
  await page.waitForSelector('lv-plot output:not(:empty)', { state: 'attached' });
  await done(page);
});

test('the overview in both themes and three widths', () => everywhere('overview', '', 'lv-plot'));

test('the overview shows what clients name as text', () => harmless(''));
