package io.github.notearchive.source;

import org.jspecify.annotations.Nullable;

/**
 * What came of writing a call down.
 *
 * @param call the request, which may leave; null when our own limits leave none, and then nothing
 *     is written
 * @param tonight what the calls of its night come to, this one included
 */
public record WrittenCall(@Nullable SentCall call, NightlyCalls tonight) {}
