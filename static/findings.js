/**
 * What is looked at in a photo, and what was found: the server names what is wrong by stable codes,
 * the page shows the whole list.
 * @module findings
 */

/** @typedef {import('./strings.js').Language} Language */
/** @typedef {{code: string, reason: string, remedy: string}} Finding */
/** @typedef {'passed'|'warned'|'failed'|'waits'} Verdict */

/** The checks in the order in which they are made, with the codes that fail them. */
export const CHECKS = {
  file: ['unreadable', 'not_a_photo', 'damaged', 'too_many_pixels', 'photo_too_large'],
  face: ['no_face', 'several_faces'],
  size: ['photo_small', 'face_small'],
  room: ['face_cut', 'face_close'],
  pose: ['photo_turned', 'face_turned', 'face_tilted', 'face_leaning'],
  eyes: ['eyes_hidden', 'eyes_closed'],
  mouth: ['mouth_hidden', 'mouth_open', 'teeth_shown'],
  light: ['too_dark', 'too_bright', 'light_uneven', 'blurred'],
};

/** The photo is taken nevertheless. */
const WARNINGS = new Set(['teeth_shown']);

/** Without these, nothing further can be looked at. */
const FIRST = new Set([...CHECKS.file, 'no_face']);

/**
 * The verdict on each check.
 * @param {Finding[]|null} findings null while the photo is looked at
 * @returns {{check: string, verdict: Verdict, findings: Finding[]}[]}
 */
export function verdicts(findings) {
  const ended = findings?.some(({ code }) => FIRST.has(code));
  let after = false;
  return Object.entries(CHECKS).map(([check, codes]) => {
    const found = (findings ?? []).filter(({ code }) => codes.includes(code));
    const failed = found.some(({ code }) => !WARNINGS.has(code));
    const waits = !findings || (ended && after);
    after ||= found.some(({ code }) => FIRST.has(code));
    const verdict = failed ? 'failed' : found.length ? 'warned' : waits ? 'waits' : 'passed';
    return { check, verdict, findings: found };
  });
}

/** What stands on no list: a face that cannot be moved, a server that could not. */
export const others = (/** @type {Finding[]} */ findings) => {
  const listed = new Set(Object.values(CHECKS).flat());
  return findings.filter(({ code }) => !listed.has(code));
};

/** Reasons and remedies in Chinese, by code. @type {Record<string, [string, string]>} */
export const CHINESE = {
  unreadable: ['无法读取文件', '请换一个文件'],
  not_a_photo: ['文件不是可用的照片', '请使用 JPEG、PNG 或 WebP 文件'],
  damaged: ['文件已损坏', '请重新保存或复制照片'],
  too_many_pixels: ['照片像素过多', '请先缩小，例如每边 4000 像素'],
  photo_too_large: ['照片文件过大', '请先缩小，例如每边 4000 像素'],
  no_face: ['照片中没有看到脸', '请使用一个人的正面照片'],
  several_faces: ['照片中不止一张脸', '请裁剪到一个人；若仍然使用，将取最大的一张脸'],
  photo_small: ['照片太小', '短边至少需要 512 像素'],
  face_small: ['头肩部分的像素太少', '请靠近一些，或使用像素更高的相机'],
  face_cut: ['脸超出了画面', '请使用头部完整、四周有空间的照片'],
  face_close: ['脸四周的空间不够', '请离远一些拍摄，包含头部和肩部'],
  photo_turned: ['照片上下颠倒或侧放', '请将照片转正'],
  face_turned: ['脸偏向一侧', '请正视镜头'],
  face_tilted: ['脸抬起或低下', '请正视镜头'],
  face_leaning: ['头部倾斜', '请将头或照片摆正'],
  eyes_hidden: ['看不清眼睛', '请摘下深色眼镜'],
  eyes_closed: ['眼睛闭着或几乎闭着', '请注视镜头'],
  mouth_hidden: ['看不清嘴唇', '请露出嘴部'],
  mouth_open: ['嘴张开着', '请闭上嘴唇；说话时的牙齿会自动绘制'],
  teeth_shown: ['照片中露出了牙齿，闭合的嘴唇是推测的', '请检查关键口型图；闭唇的照片更能保留本人的样子'],
  too_dark: ['脸部太暗', '请在柔和的正面光线下拍摄'],
  too_bright: ['脸部过曝', '请在更柔和的光线下拍摄'],
  light_uneven: ['脸部两侧明暗相差太大', '请在柔和的正面光线下拍摄'],
  blurred: ['眼睛不清晰', '请拿稳相机，对焦在眼睛上'],
  not_bakeable: ['无法用这张照片制作会动的脸', '请使用正面、头部四周有空间的照片'],
  photo_in_work: ['正在处理另一张照片', '请稍等几秒再发送'],
  baking_failed: ['未能制作数字人', '请重试或换一张照片；日志和 kiosk doctor 可能有更多说明'],
  unknown_draft: ['这份草稿已不存在', '请重新发送照片'],
  invalid_name: ['名称不可用', '请用英文字母、数字、“_”和“-”，最多 64 个，以字母或数字开头'],
  name_taken: ['已有同名的数字人', '请换一个名称'],
  avatar_shown: ['它正在默认展示', '请先将另一个设为默认展示'],
  avatar_ships: ['它随系统提供', '不能删除'],
  unknown_avatar: ['没有这个数字人', '请刷新页面'],
  disk_full: ['磁盘已满', '请腾出空间后再保存'],
  folder_not_writable: ['无法写入数字人的文件夹', '请将 avatar.dir 设为可写的文件夹后重新启动'],
  upload_too_slow: ['照片上传太慢', '请换更快的网络，或先缩小照片'],
  hall_full: ['展示位置已满', '请稍后再试，或提高 [stages] 的限制'],
};

/** What helps in the browser, where the server speaks to the command line too; by code. */
const REMEDIES = {
  several_faces: 'crop it to one person; if you use it nevertheless, the largest face is taken',
  teeth_shown: 'look at the key shapes; a photo with closed lips keeps their own look',
};

/**
 * A finding in the operator's language; in English the server's own words, with its figures.
 * @param {Finding} finding
 * @param {Language} language
 * @returns {{reason: string, remedy: string}}
 */
export function told({ code, reason, remedy }, language) {
  const known = language === 'zh' ? CHINESE[code] : undefined;
  return known ? { reason: known[0], remedy: known[1] } : { reason, remedy: REMEDIES[code] ?? remedy };
}
