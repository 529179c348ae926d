package io.github.notearchive.sandbox;

/**
 * A file of the media server.
 *
 * @param contentType type that the server sends, which may be wrong
 * @param etag strong validator including its quotes
 * @param bytes content, never modified
 */
@SuppressWarnings("ArrayRecordComponent") // files are never compared
record MediaFile(String contentType, String etag, byte[] bytes) {}
