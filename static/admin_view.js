/**
 * Writes the operator's page: its words, who is looked at, how the preview stands.
 * @module admin_view
 */

import { say } from './admin_strings.js';
import { htmlLanguage, other } from './strings.js';
import { toml } from './tuning.js';

/** @typedef {import('./strings.js').Language} Language */
/** @typedef {(id: string) => any} Find */

/**
 * The words that stand in the page's own markup.
 * @param {Find} element
 * @param {Language} language
 */
export function writeWords(element, language) {
  const t = (/** @type {string} */ key) => say(language, key);
  document.documentElement.lang = htmlLanguage(language);
  document.title = t('title');
  for (const each of document.querySelectorAll('[data-say]')) {
    each.textContent = t(/** @type {HTMLElement} */ (each).dataset.say ?? '');
  }
  for (const each of document.querySelectorAll('[data-label]')) {
    each.setAttribute('aria-label', t(/** @type {HTMLElement} */ (each).dataset.label ?? ''));
  }
  element('to-screen').setAttribute('aria-label', t('screen'));
  element('speak').setAttribute('aria-label', t('speak'));
  element('language-text').textContent = t('other_language');
  element('language').lang = htmlLanguage(other(language));
  element('sheet').alt = t('sheet');
  const line = element('ask-text');
  // What the operator typed stays.
  if (!line.value || line.value === line.dataset.offered) line.value = t('line');
  line.dataset.offered = t('line');
}

/**
 * @param {Find} element
 * @param {Language} language
 * @param {{avatar: import('./admin_api.js').Avatar|null,
 *   draft: import('./admin_api.js').Draft|null, lead: string}} facts an avatar or a draft, and what
 *   is told of it instead of what is always told
 */
export function writeAvatar(element, language, { avatar, draft, lead }) {
  const t = (/** @type {string} */ key) => say(language, key);
  const usual = !avatar ? 'draft_lead'
    : avatar.shown ? 'shown_lead' : avatar.ships ? 'ships_lead' : 'own_lead';
  element('avatar-head').textContent = avatar?.name ?? t('draft');
  element('avatar-lead').textContent = lead || t(usual);
  element('save').hidden = !draft;
  element('own').hidden = !avatar;
  element('own-actions').hidden = avatar?.shown === true;
  element('remove').hidden = avatar?.ships !== false;
  element('own-hint').textContent = t(avatar?.shown ? 'shown_hint' : 'show_hint');
}

/**
 * What makes the avatar and its look last.
 * @param {Find} element
 * @param {Language} language
 * @param {import('./admin_api.js').Avatar|null} avatar none while it is a draft
 * @param {import('./tuning.js').Tuning} tuning
 */
export function writeToml(element, language, avatar, tuning) {
  element('toml').hidden = !avatar;
  element('toml-text').textContent = toml(avatar?.name ?? '', tuning.look, tuning.picture);
  element('copy').textContent = say(language, 'copy');
  element('tuned').hidden = !tuning.tuned;
  element('tuned').textContent = say(language, avatar ? 'tuned' : 'tuned_draft');
}

/**
 * What is asked before *name* is removed.
 * @param {Find} element
 * @param {Language} language
 * @param {string} name
 */
export function writeQuestion(element, language, name) {
  element('question-head').textContent = say(language, 'remove_head', { name });
  element('question-text').textContent = say(language, 'remove_text', { name });
  element('question-yes').textContent = say(language, 'remove');
}

/**
 * @param {Find} element
 * @param {Language} language
 * @param {import('./preview.js').Preview} preview
 */
export function writePreview(element, language, { state, sound, dressing }) {
  document.body.dataset.state = state;
  const word = state === 'connecting' || state === 'lost' ? say(language, state) : '';
  // Written only when it changes: a screen reader would repeat it.
  if (element('picture-word').textContent !== word) element('picture-word').textContent = word;
  element('tuning').setAttribute('aria-busy', String(dressing));
  element('speak').disabled = state !== 'ready';
  element('sound').setAttribute('aria-label', say(language, sound.on ? 'sound_on' : 'sound_off'));
  element('sound').setAttribute('aria-pressed', String(sound.on));
  element('sound-icon').setAttribute('href', sound.on ? '#icon-sound' : '#icon-muted');
}
