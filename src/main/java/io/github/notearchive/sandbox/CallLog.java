package io.github.notearchive.sandbox;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What was asked, answered and sold. A call is noted when received, an answer before it is sent. */
final class CallLog {

    /** How many notes keep their last answer; older ones are forgotten. */
    private static final int ANSWERS_KEPT = 1_000;

    private static final long SECOND = 1_000_000_000L;

    private final Map<String, Integer> received = new HashMap<>();
    private final List<Long> receivedAt = new ArrayList<>();
    private final List<String> bought = new ArrayList<>();
    private final List<CallSeen> seen = new ArrayList<>();
    private final List<String> media = new ArrayList<>();
    private final Map<String, byte[]> answers = new LinkedHashMap<>();

    synchronized void received(String noteId) {
        received.merge(noteId, 1, Integer::sum);
        receivedAt.add(System.nanoTime());
    }

    synchronized void done(Instant at, String noteId, int code, int httpStatus, byte[] body) {
        seen.add(new CallSeen(at, noteId, code, httpStatus));
        if (code == 0) {
            bought.add(noteId);
        }
        if (httpStatus != 0) {
            answers.remove(noteId);
            answers.put(noteId, body);
            if (answers.size() > ANSWERS_KEPT) {
                answers.remove(answers.keySet().iterator().next());
            }
        }
    }

    synchronized void mediaRequested(String target) {
        media.add(target);
    }

    synchronized int calls() {
        return receivedAt.size();
    }

    synchronized int calls(String noteId) {
        return received.getOrDefault(noteId, 0);
    }

    synchronized List<String> bought() {
        return List.copyOf(bought);
    }

    synchronized List<CallSeen> seen() {
        return List.copyOf(seen);
    }

    synchronized List<String> media() {
        return List.copyOf(media);
    }

    synchronized Optional<byte[]> answer(String noteId) {
        return Optional.ofNullable(answers.get(noteId)).map(byte[]::clone);
    }

    /** The most calls that any window of one second has seen. */
    synchronized int peakPerSecond() {
        int peak = 0;
        int first = 0;
        for (int last = 0; last < receivedAt.size(); last++) {
            while (receivedAt.get(last) - receivedAt.get(first) >= SECOND) {
                first++;
            }
            peak = Math.max(peak, last - first + 1);
        }
        return peak;
    }

    synchronized void reset() {
        received.clear();
        receivedAt.clear();
        bought.clear();
        seen.clear();
        media.clear();
        answers.clear();
    }
}
