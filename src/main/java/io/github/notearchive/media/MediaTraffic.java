package io.github.notearchive.media;

/**
 * What was transferred since the start of the program.
 *
 * @param requests requests tried, redirects and retries included
 * @param bytes bytes of bodies received, those of failed tries included
 * @param files files handed over, complete
 */
public record MediaTraffic(long requests, long bytes, long files) {}
