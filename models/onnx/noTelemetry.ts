/**
 * Imported before onnxruntime is loaded. Its builds for Linux keep a device id and a queue of usage events in the user's
 * cache folder and send them to their maker (onnxruntime 1.30, core/platform/posix/telemetry.cc). Nothing leaves the box
 * unless its user asks (design.md rule 10), so that is switched off, by the library's own variable. Only in the main thread
 * is this the environment of the process.
 */
process.env['ORT_DISABLE_TELEMETRY'] = '1';
