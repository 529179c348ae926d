package io.github.notearchive.media;

/**
 * Transfers since the start of the program.
 *
 * @param requests requests sent, redirects and retries included
 * @param bytes bytes of bodies received, those of failed attempts included
 * @param files complete files
 */
public record MediaTraffic(long requests, long bytes, long files) {}
