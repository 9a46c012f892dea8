/**
 * The page's own words, in English and Chinese, and the choice of language.
 * @module strings
 */

/** @typedef {'en'|'zh'} Language */

/** @type {Record<Language, Record<string, string>>} */
const TABLE = {
  en: {
    connecting: 'Connecting',
    connecting_detail: 'Your assistant will be here in a moment.',
    ready: 'Ready. Please choose a topic.',
    preparing: 'One moment, please',
    speaking: 'Speaking',
    lost: 'Connection lost: reconnecting',
    lost_detail: 'Please wait. This screen recovers by itself.',
    full: 'All places are taken',
    full_detail: 'Thank you for your patience. We will try again in {seconds} s.',
    refused: 'The service is not available',
    retry: 'Trying again in {seconds} s.',
    stop: 'Stop',
    speak: 'Speak',
    ask_label: 'Text for the assistant to speak',
    ask_placeholder: 'Type words to be spoken',
    topics: 'Topics',
    persona: 'Speaking portrait',
    sound_on: 'Sound on',
    sound_off: 'Sound off',
    ease: 'Slower',
    ease_label: 'Speak slower, with large captions',
    sound_hint: 'Touch the screen for sound',
    other_language: '中文',
    close: 'Close this message',
    not_connected: 'Not connected yet',
    not_connected_remedy: 'Please touch again when the screen says “Ready”.',
    no_text: 'There is nothing to speak yet',
    no_text_remedy: 'Type a sentence, then press “Speak”.',
    unreachable: 'The server cannot be reached',
    unreachable_remedy: 'Please try again in a moment. If it lasts, tell the staff at the desk.',
    token_required: 'An access token is needed',
    token_required_remedy: 'Open this page once as {path} with the token of the kiosk’s configuration.',
    failed: 'This could not be done',
    synthetic: 'AI-generated portrait and voice',
  },
  zh: {
    connecting: '正在连接',
    connecting_detail: '服务助手马上就来，请稍候。',
    ready: '已就绪，请选择服务事项',
    preparing: '请稍候',
    speaking: '正在讲话',
    lost: '连接中断，正在重新连接',
    lost_detail: '请稍候，屏幕会自动恢复。',
    full: '当前服务名额已满',
    full_detail: '感谢您的耐心等候，{seconds} 秒后将再次尝试。',
    refused: '服务暂时不可用',
    retry: '{seconds} 秒后再次尝试。',
    stop: '停止',
    speak: '朗读',
    ask_label: '请输入要朗读的文字',
    ask_placeholder: '输入要朗读的文字',
    topics: '服务事项',
    persona: '虚拟助手画面',
    sound_on: '声音已开',
    sound_off: '声音已关',
    ease: '慢一点',
    ease_label: '说慢一点，字幕大一点',
    sound_hint: '轻触屏幕，打开声音',
    other_language: 'English',
    close: '关闭提示',
    not_connected: '尚未连接',
    not_connected_remedy: '请在屏幕显示“已就绪”后再次轻触。',
    no_text: '还没有要朗读的文字',
    no_text_remedy: '请先输入一句话，再按“朗读”。',
    unreachable: '无法连接服务器',
    unreachable_remedy: '请稍后再试；如仍不行，请联系工作人员。',
    token_required: '需要访问令牌',
    token_required_remedy: '请用 {path} 打开一次此页面，令牌见 kiosk 的配置。',
    failed: '操作未能完成',
    synthetic: '画面与语音由人工智能生成',
  },
};

/**
 * The supported language nearest to a wish such as `zh-CN`.
 * @param {string|null|undefined} wish
 * @returns {Language|null} null if there is no wish that can be met
 */
export function supported(wish) {
  const code = (wish ?? '').toLowerCase().split(/[-_]/)[0];
  return code === 'en' || code === 'zh' ? code : null;
}

/**
 * The other language of the two.
 * @param {Language} language
 * @returns {Language}
 */
export const other = (language) => (language === 'en' ? 'zh' : 'en');

/**
 * The words for a key; `{name}` in them is replaced from `values`.
 * @param {Language} language
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 * @returns {string}
 */
export const words = (language, key, values = {}) =>
  fill(TABLE[language][key] ?? TABLE.en[key] ?? key, values);

/**
 * A text with each `{name}` in it replaced from `values`.
 * @param {string} text
 * @param {Record<string, string|number>} values
 */
export const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/** Every key of a language, for the test that both tables are complete. */
export const keys = (/** @type {Language} */ language) => Object.keys(TABLE[language]).sort();

/** The value of the `lang` attribute. */
export const htmlLanguage = (/** @type {Language} */ language) =>
  language === 'zh' ? 'zh-CN' : 'en';

/**
 * The topics in the visitor's language, told by their titles' script; all of them if the
 * hall offers none in that language.
 * @template {{title: string}} T
 * @param {T[]} topics
 * @param {Language} language
 * @returns {T[]}
 */
export function topicsFor(topics, language) {
  const han = /\p{Script=Han}/u;
  const latin = /\p{Script=Latin}{3}/u;
  const mine = topics.filter(({ title }) =>
    language === 'zh' ? han.test(title) : !han.test(title) || latin.test(title));
  return mine.length ? mine : topics;
}
