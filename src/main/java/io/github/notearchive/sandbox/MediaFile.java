package io.github.notearchive.sandbox;

/**
 * A file as the media server has it.
 *
 * @param contentType what the server says it is, which may be wrong
 * @param etag a strong validator, in its quotes
 * @param bytes never changed
 */
@SuppressWarnings("ArrayRecordComponent") // files are never compared
record MediaFile(String contentType, String etag, byte[] bytes) {}
