package io.github.notearchive.source;

import org.jspecify.annotations.Nullable;

/**
 * What came of writing a call down.
 *
 * @param call the request, which may leave; null when our own limits leave none, or calls have
 *     ended, and then nothing is written
 * @param tonight what the calls of its night come to, this one included; null where none of our own
 *     limits is about such a call, and when calls have ended
 * @param lastPause the number of the last pause of the shared pace; 0 when there was none
 * @param stop what ended the calls of all nodes; null while they go on
 */
public record WrittenCall(
        @Nullable SentCall call,
        @Nullable NightlyCalls tonight,
        long lastPause,
        @Nullable RunStop stop) {}
