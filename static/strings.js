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
    full: 'All places are taken just now',
    full_detail: 'It goes on by itself: the next try is in {seconds} s. Thank you for your patience.',
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
    listening: 'Listening',
    ready_to_hear: 'Please speak, or choose a topic.',
    mic_off: 'Talk',
    mic_off_label: 'Talk to the assistant: turn the microphone on',
    mic_asking: 'Allow it',
    mic_asking_label: 'Please allow the microphone',
    mic_joining: 'Wait',
    mic_joining_label: 'The microphone is being connected; touch to turn it off',
    mic_on: 'Mic on',
    mic_on_label: 'The microphone is on; touch to turn it off',
    mic_refused: 'Retry',
    mic_refused_label: 'The microphone cannot be used; touch to try again',
    mic_denied: 'The microphone was not allowed',
    mic_denied_remedy: 'Allow it for this page beside the address, then touch again; or type.',
    mic_missing: 'No microphone was found',
    mic_missing_remedy: 'Plug one in, then touch again; or type.',
    mic_failed: 'The microphone cannot be used now',
    mic_failed_remedy: 'Another program may have it. Touch to try again; or type.',
    mic_gone: 'The microphone was unplugged',
    mic_gone_remedy: 'Plug it in, then touch again; or type.',
    mic_insecure: 'A browser lends the microphone to secure pages only',
    mic_insecure_remedy: 'Open this page by https, or on the kiosk itself as localhost; or type.',
  },
  zh: {
    connecting: '正在连接',
    connecting_detail: '服务助手马上就来，请稍候。',
    ready: '已就绪，请选择服务事项',
    preparing: '请稍候',
    speaking: '正在讲话',
    lost: '连接中断，正在重新连接',
    lost_detail: '请稍候，屏幕会自动恢复。',
    full: '服务名额暂时已满',
    full_detail: '请稍候，{seconds} 秒后会自动再试，无需操作。感谢您的耐心等候。',
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
    listening: '我在听',
    ready_to_hear: '请说话，或选择服务事项',
    mic_off: '说话',
    mic_off_label: '和助手说话：打开麦克风',
    mic_asking: '请允许',
    mic_asking_label: '请允许使用麦克风',
    mic_joining: '请稍候',
    mic_joining_label: '正在接通麦克风，轻触可关闭',
    mic_on: '麦克风已开',
    mic_on_label: '麦克风已开，轻触可关闭',
    mic_refused: '重试',
    mic_refused_label: '麦克风无法使用，轻触可重试',
    mic_denied: '没有获得麦克风的使用许可',
    mic_denied_remedy: '请在地址栏旁允许此页面使用麦克风，然后再次轻触；也可以打字。',
    mic_missing: '没有找到麦克风',
    mic_missing_remedy: '请接上麦克风，然后再次轻触；也可以打字。',
    mic_failed: '麦克风暂时无法使用',
    mic_failed_remedy: '可能正被其他程序占用。请再次轻触重试；也可以打字。',
    mic_gone: '麦克风已断开',
    mic_gone_remedy: '请重新接上，然后再次轻触；也可以打字。',
    mic_insecure: '浏览器只允许安全的页面使用麦克风',
    mic_insecure_remedy: '请用 https 打开此页面，或在本机上用 localhost 打开；也可以打字。',
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
