/**
 * The operator's page: avatars are seen, heard, tuned, made of photos, shown and removed.
 * @module admin
 */

import { AdminApi } from './admin_api.js';
import { problemWords, say } from './admin_strings.js';
import { writeAvatar, writePreview, writeQuestion, writeToml, writeWords } from './admin_view.js';
import { Problem, takeToken } from './api.js';
import { Camera } from './camera.js';
import { CHINESE } from './findings.js';
import { Gallery } from './gallery.js';
import { Newcomer } from './newcomer.js';
import { Notice } from './notice.js';
import { Preview } from './preview.js';
import { other, supported } from './strings.js';
import { Tuning } from './tuning.js';

/** @typedef {import('./admin_api.js').Avatar} Avatar */
/** @typedef {import('./admin_api.js').Draft} Draft */

const VIEWS = ['photo', 'checks', 'avatar'];

/** @param {string} id @returns {any} */
const element = (id) => document.getElementById(id);

/** The whole page. */
class AdminPage {
  query = new URLSearchParams(location.search);
  language = supported(this.query.get('lang')) ?? supported(navigator.language) ?? 'en';
  /** @type {Avatar[]} */
  avatars = [];
  /** Who is looked at: an avatar, or a draft. @type {Avatar|null} */
  chosen = null;
  /** @type {Draft|null} */
  draft = null;
  lead = '';
  #sheet = '';

  constructor() {
    this.api = new AdminApi(takeToken());
    this.notice = new Notice(element);
    const problem = (/** @type {unknown} */ error) => this.tell(error);
    const language = () => this.language;
    this.preview = new Preview(element('video'), this.api, {
      changed: () => this.renderPreview(), stage: () => this.act(() => this.tune()), problem,
    });
    this.newcomer = new Newcomer(element, this.api, {
      view: (name) => this.view(name), ready: (draft) => this.look(draft), problem, language,
    });
    this.camera = new Camera(element, {
      photo: (photo) => this.newcomer.send(photo), problem, language,
    });
    this.tuning = new Tuning(element('tuning'), () => this.act(() => this.tune()));
    this.gallery = new Gallery(element('gallery'), this.api, (avatar) => this.choose(avatar));
  }

  /** Bring the page to life. */
  async start() {
    this.render();
    this.listen();
    await this.act(async () => {
      await this.load();
      if (!this.query.has('lang')) this.language = supported((await this.api.page()).language) ?? 'en';
      this.render();
      // The operator may have been quicker than the list.
      if (document.querySelector('.view:not([hidden])')) return;
      this.choose(this.avatars.find(({ shown }) => shown) ?? this.avatars[0]);
    });
  }

  listen() {
    const on = (/** @type {string} */ id, /** @type {() => unknown} */ work) =>
      element(id).addEventListener('click', () => this.act(work));
    on('language', () => this.switchLanguage());
    on('new', () => this.begin());
    on('camera', () => this.camera.open());
    on('sound', () => this.preview.sound.toggle());
    on('discard', () => this.begin());
    on('show', () => this.show());
    on('remove', () => this.askToRemove());
    on('question-yes', () => this.remove());
    on('question-no', () => element('question').close());
    on('copy', () => this.copy());
    this.#submitted('ask', () => this.speak());
    this.#submitted('save', () => this.save());
    addEventListener('pagehide', () => this.leave());
  }

  /**
   * @param {string} id
   * @param {() => Promise<void>} work
   */
  #submitted(id, work) {
    element(id).addEventListener('submit', (/** @type {Event} */ event) => {
      event.preventDefault();
      this.act(work);
    });
  }

  /** Do *work*: what goes wrong is told; else what was told is over. @param {() => unknown} work */
  async act(work) {
    const told = this.notice.shown;
    try {
      await work();
      if (told === this.notice.shown) this.notice.close();
    } catch (error) {
      this.tell(error);
    }
  }

  async load() {
    this.avatars = await this.api.avatars();
    this.chosen = this.avatars.find(({ name }) => name === this.chosen?.name) ?? this.chosen;
    this.renderGallery();
  }

  // ---- who is looked at

  /** @param {Avatar|undefined} avatar */
  choose(avatar) {
    if (!avatar) return;
    this.forget();
    this.chosen = avatar;
    this.lead = '';
    this.preview.show(avatar.name);
    this.open(avatar.sheet ? `/v1/avatars/${encodeURIComponent(avatar.name)}/sheet` : '');
  }

  /** @param {Draft} draft that is ready */
  look(draft) {
    [this.draft, this.chosen, this.lead] = [draft, null, ''];
    element('name').value = '';
    this.preview.show(draft.avatar);
    this.open(`/v1/drafts/${draft.draft}/sheet`);
  }

  /** @param {string} sheet */
  async open(sheet) {
    this.view('avatar');
    this.renderGallery();
    const was = this.#sheet;
    this.#sheet = sheet ? await this.api.picture(sheet).catch(() => '') : '';
    URL.revokeObjectURL(was);
    element('sheet-card').hidden = !this.#sheet;
    element('sheet').src = this.#sheet;
    element('sheet-link').href = this.#sheet;
  }

  begin() {
    this.forget();
    this.chosen = null;
    this.preview.stop();
    this.newcomer.open();
    this.renderGallery();
  }

  /** The draft, if there is one, is not wanted any more. */
  forget() {
    this.draft = null;
    this.newcomer.leave();
  }

  leave() {
    this.forget();
    this.preview.stop();
  }

  // ---- what is done with it

  async speak() {
    const input = element('ask-text');
    const text = input.value.trim();
    if (!text) throw new Problem({ code: 'no_text' });
    if (this.preview.stage) await this.preview.say(text);
  }

  async save() {
    if (!this.draft) return;
    const saved = await this.api.save(this.draft.draft, element('name').value.trim());
    this.draft = null;
    this.newcomer.release();
    this.preview.rename(saved.name);
    await this.load();
    this.chosen = this.avatars.find(({ name }) => name === saved.name) ?? saved;
    this.lead = say(this.language, 'saved', { name: saved.name });
    this.render();
  }

  async show() {
    if (!this.chosen) return;
    await this.api.show(this.chosen.name);
    await this.load();
    this.lead = '';
    this.render();
  }

  askToRemove() {
    writeQuestion(element, this.language, this.chosen?.name ?? '');
    element('question').showModal();
    element('question-no').focus();
  }

  async remove() {
    element('question').close();
    const { name } = this.chosen ?? { name: '' };
    await this.api.remove(name);
    await this.load();
    this.choose(this.avatars.find(({ shown }) => shown) ?? this.avatars[0]);
    this.lead = say(this.language, 'removed', { name });
    this.renderAvatar();
  }

  /** There is a new stage, or something was changed in the form. */
  async tune() {
    this.renderToml();
    const { stage } = this.preview;
    if (!stage) return;
    if (this.tuning.touched) {
      await this.preview.dress(() => this.tuning.wish());
    } else {
      this.tuning.take(await this.api.look(stage));
      this.tuning.render(this.language);
      this.renderToml();
    }
  }

  async copy() {
    await navigator.clipboard.writeText(element('toml-text').textContent);
    element('copy').textContent = say(this.language, 'copied');
  }

  /** @param {unknown} error */
  tell(error) {
    const problem = error instanceof Problem ? error : new Problem({ title: String(error) });
    this.notice.show(problemWords(problem, this.language, CHINESE));
  }

  // ---- what is seen

  switchLanguage() {
    this.language = other(this.language);
    this.notice.close();
    this.render();
  }

  /** @param {string} name */
  view(name) {
    // A photo that could not be sent leads back to its view: that is still to be read.
    if (name !== 'photo') this.notice.close();
    document.body.dataset.view = name;
    for (const each of VIEWS) element(`view-${each}`).hidden = each !== name;
    element('work').focus({ preventScroll: true });
    scrollTo(0, 0);
    this.render();
  }

  render() {
    writeWords(element, this.language);
    this.tuning.render(this.language);
    this.newcomer.render();
    this.renderGallery();
    this.renderAvatar();
    this.renderPreview();
  }

  renderGallery() {
    this.gallery.show(this.avatars, this.chosen?.name ?? '', say(this.language, 'shown'));
    element('new').setAttribute('aria-current', String(!this.chosen && this.avatars.length > 0));
  }

  renderAvatar() {
    writeAvatar(element, this.language, { avatar: this.chosen, draft: this.draft, lead: this.lead });
    this.renderToml();
  }

  renderToml() {
    writeToml(element, this.language, this.chosen, this.tuning);
  }

  renderPreview() {
    writePreview(element, this.language, this.preview);
  }
}

const page = new AdminPage();
page.start();

/** For the tests. */
Object.assign(window, {
  admin: {
    get state() { return page.preview.state; },
    get stage() { return page.preview.stage; },
    get avatar() { return page.preview.avatar; },
    decoded: () => page.preview.decoded(),
  },
});
