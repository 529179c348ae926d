package io.github.notearchive.sandbox;

import io.github.notearchive.sandbox.SandboxSettings.Fault;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * One of the provider's two billed endpoints: draws failures, delivers notes within its quota, and counts. Thread-safe;
 * all counts are exact.
 */
public final class NoteEndpoint {

    static final String NOTE_PATH = "/api/xiaohongshu/get-note-detail/v1";
    static final String VIDEO_PATH = "/api/xiaohongshu/get-note-detail/v6";

    static final String JSON = "application/json";

    private static final Pattern NOTE_ID = Pattern.compile("[0-9a-f]{24}");
    private static final JsonMapper MAPPER = JsonMapper.shared();

    /**
     * A request as counted at its receipt.
     *
     * @param number number of this call about the note, from 1; 0 if the token was wrong
     */
    record ServedCall(String noteId, int number) {}

    /**
     * Response of the endpoint.
     *
     * @param code provider code of the envelope in the body
     */
    @SuppressWarnings("ArrayRecordComponent") // responses are never compared
    record NoteResponse(int code, int httpStatus, byte[] body) {}

    private final SandboxSettings settings;
    private final SeededRandom random;
    private final SyntheticNotes notes;
    private final boolean video;
    private final Map<String, Integer> callsByNote = new ConcurrentHashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private final AtomicInteger delivered = new AtomicInteger();
    private final AtomicInteger quota;

    /**
     * @param video true for the endpoint that returns videos; its failures are drawn independently
     * @param quota number of notes to deliver before code 303; {@link SandboxSettings#UNLIMITED} for no limit
     */
    NoteEndpoint(SandboxSettings settings, SyntheticNotes notes, boolean video, int quota) {
        this.settings = settings;
        this.random = new SeededRandom(settings.seed());
        this.notes = notes;
        this.video = video;
        this.quota = new AtomicInteger(quota);
    }

    /** Sets the number of notes that are delivered from now on before code 303. */
    public void grant(int count) {
        quota.set(count);
    }

    public int calls() {
        return calls.get();
    }

    public int delivered() {
        return delivered.get();
    }

    /** Counts a request at its receipt. */
    ServedCall receive(String noteId, boolean authorized) {
        calls.incrementAndGet();
        return new ServedCall(noteId, authorized ? callsByNote.merge(noteId, 1, Integer::sum) : 0);
    }

    /** Returns the response that the settings draw. A delivered note is counted before this method returns. */
    NoteResponse respond(ServedCall call) {
        if (call.number == 0) {
            return refuse(call, 100);
        }
        if (!NOTE_ID.matcher(call.noteId).matches()) {
            return refuse(call, 400);
        }
        if (isDrawn("302", call, settings.share(Fault.FAIL_302))) {
            return refuse(call, 302);
        }
        NoteStory story = settings.alive() ? NoteStory.of(call.noteId) : NoteStory.GROWS;
        if (story == NoteStory.IS_REFUSED) {
            return refuse(call, 400);
        }
        if (isDrawn("301", call, settings.share(Fault.FAIL_301))) {
            return refuse(call, 301);
        }
        double fate = random.uniform("fate", call.noteId);
        boolean hasVanished = story == NoteStory.VANISHES && notes.day().getAsInt() >= NoteStory.CHANGES_FROM;
        if (hasVanished || fate < settings.share(Fault.MISSING)) {
            return refuse(call, 201);
        }
        boolean isEmpty = fate >= 1 - settings.share(Fault.EMPTY);
        return deliver(call, 200, envelope -> {
            if (isEmpty) {
                envelope.putArray("data");
            }
            return envelope;
        });
    }

    /** Delivers the note with a change to its envelope; refuses with code 303 if the quota is used up. */
    NoteResponse deliver(ServedCall call, int httpStatus, UnaryOperator<ObjectNode> change) {
        if (!consumeQuota()) {
            return refuse(call, 303);
        }
        delivered.incrementAndGet();
        ObjectNode envelope =
                video ? notes.videoEnvelope(call.noteId, call.number) : notes.envelope(call.noteId, call.number);
        return new NoteResponse(0, httpStatus, MAPPER.writeValueAsBytes(change.apply(envelope)));
    }

    NoteResponse refuse(ServedCall call, int code) {
        ObjectNode envelope = notes.envelope(code, call.noteId, call.number);
        return new NoteResponse(code, SyntheticNotes.httpStatus(code), MAPPER.writeValueAsBytes(envelope));
    }

    /** Consumes one unit of the quota; returns false if it is used up. */
    boolean consumeQuota() {
        return quota.getAndUpdate(left -> left > 0 ? left - 1 : left) != 0;
    }

    private boolean isDrawn(String code, ServedCall call, double probability) {
        return random.uniform(video ? code + " video" : code, call.noteId, call.number) < probability;
    }
}
