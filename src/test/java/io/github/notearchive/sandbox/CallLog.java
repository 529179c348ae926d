package io.github.notearchive.sandbox;

import io.github.notearchive.sandbox.ScriptableSandbox.CallSeen;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Log of the calls of an endpoint. A call is logged when received, its response before it is sent. Thread-safe. */
final class CallLog {

    private final List<String> received = new CopyOnWriteArrayList<>();
    private final List<CallSeen> seen = new CopyOnWriteArrayList<>();
    private final Map<String, byte[]> responses = new ConcurrentHashMap<>();

    void received(String noteId) {
        received.add(noteId);
    }

    void done(Instant at, String noteId, NoteEndpoint.Response response) {
        if (response.httpStatus() != 0) {
            responses.put(noteId, response.body());
        }
        seen.add(new CallSeen(at, noteId, response.code(), response.httpStatus()));
    }

    int calls() {
        return received.size();
    }

    int calls(String noteId) {
        return Collections.frequency(received, noteId);
    }

    List<CallSeen> seen() {
        return List.copyOf(seen);
    }

    /** Returns the notes of all responses with code 0, in order, with duplicates. */
    List<String> bought() {
        return seen.stream()
                .filter(call -> call.code() == 0)
                .map(CallSeen::noteId)
                .toList();
    }

    /** Returns the body last sent about a note. */
    byte[] response(String noteId) {
        return Optional.ofNullable(responses.get(noteId))
                .orElseThrow(() -> new NoSuchElementException("No response about " + noteId + " was sent"));
    }

    void reset() {
        received.clear();
        seen.clear();
        responses.clear();
    }
}
