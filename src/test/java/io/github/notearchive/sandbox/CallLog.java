package io.github.notearchive.sandbox;

import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;

/** Log of requests and responses. A request is logged when received, a response before it is sent. Thread-safe. */
final class CallLog {

    private static final int RESPONSES_KEPT = 1_000;

    private final Map<String, Integer> received = new HashMap<>();
    private final List<String> bought = new ArrayList<>();
    private final List<CallSeen> seen = new ArrayList<>();
    private final List<String> media = new ArrayList<>();
    private final Map<String, byte[]> responses = new LinkedHashMap<>();
    private int calls;

    synchronized void received(String noteId) {
        received.merge(noteId, 1, Integer::sum);
        calls++;
    }

    synchronized void done(Instant at, String noteId, NoteEndpoint.Response response) {
        seen.add(new CallSeen(at, noteId, response.code(), response.httpStatus()));
        if (response.code() == 0) {
            bought.add(noteId);
        }
        if (response.httpStatus() != 0) {
            responses.remove(noteId);
            responses.put(noteId, response.body());
            if (responses.size() > RESPONSES_KEPT) {
                responses.remove(responses.keySet().iterator().next());
            }
        }
    }

    synchronized void mediaRequested(String target) {
        media.add(target);
    }

    synchronized int calls() {
        return calls;
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

    synchronized byte[] response(String noteId) {
        byte[] body = responses.get(noteId);
        if (body == null) {
            throw new NoSuchElementException("No response about " + noteId + " was sent");
        }
        return body.clone();
    }

    synchronized void reset() {
        calls = 0;
        received.clear();
        bought.clear();
        seen.clear();
        media.clear();
        responses.clear();
    }
}
