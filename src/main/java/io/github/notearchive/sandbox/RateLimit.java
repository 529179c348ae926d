package io.github.notearchive.sandbox;

import java.util.ArrayDeque;

/** Lets so many calls through in nine tenths of a second; who was refused does not count. */
final class RateLimit {

    private static final long WINDOW = 900_000_000L;

    private final ArrayDeque<Long> passed = new ArrayDeque<>();
    private final int perSecond;

    /** Zero lets all through. */
    RateLimit(int perSecond) {
        this.perSecond = perSecond;
    }

    synchronized boolean pass() {
        if (perSecond == 0) {
            return true;
        }
        long now = System.nanoTime();
        while (!passed.isEmpty() && now - passed.getFirst() >= WINDOW) {
            passed.removeFirst();
        }
        if (passed.size() >= perSecond) {
            return false;
        }
        passed.addLast(now);
        return true;
    }
}
