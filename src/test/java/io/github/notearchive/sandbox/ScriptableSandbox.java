package io.github.notearchive.sandbox;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.github.notearchive.io.ScriptedServer;
import io.github.notearchive.io.ScriptedServer.Request;
import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Function;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/**
 * Provider and media server of the tests: the endpoints of {@link SandboxProvider} behind sockets that can also break
 * the protocol, with scripted replies, held responses and a log of all calls.
 *
 * <p>All counts are exact under concurrent calls: a call is logged when it is received, a response before its first
 * byte is sent.
 */
public final class ScriptableSandbox implements AutoCloseable {

    /** Settings of a provider without latency, failures and quota. */
    public static final SandboxSettings DEFAULTS =
            new SandboxSettings(20_260_210L, SandboxSettings.UNLIMITED, Duration.ZERO, Map.of(), false);

    private static final int MEDIA_SIZE = 24 * 1024;

    /**
     * A completed call.
     *
     * @param at time of the receipt of the request
     * @param noteId id in the request; empty if it had none
     * @param code code of the response; {@link #NO_CODE} without a response or a code in it
     * @param httpStatus status of the response; 0 without a response
     */
    public record CallSeen(Instant at, String noteId, int code, int httpStatus) {

        /** Code of a call without a code. */
        public static final int NO_CODE = -1;
    }

    private final SandboxSettings settings;
    private final String token;
    private final SyntheticMedia media;
    private final SyntheticNotes notes;
    private final NoteEndpoint noteEndpoint;
    private final NoteEndpoint videoEndpoint;
    private final SandboxScript script;
    private final CallLog log = new CallLog();
    private final CallLog videoLog = new CallLog();
    private final List<String> mediaTargets = new CopyOnWriteArrayList<>();
    private final SandboxScript.Barrier responses = new SandboxScript.Barrier();
    private final SandboxScript.Barrier mediaResponses = new SandboxScript.Barrier();
    private final ScriptedServer mediaServer;
    private final ScriptedServer apiServer;

    private ScriptableSandbox(SandboxSettings settings, String token, int mediaSize) {
        this.settings = settings;
        this.token = token;
        SeededRandom random = new SeededRandom(settings.seed());
        media = new SyntheticMedia(
                random, settings.share(SandboxSettings.Fault.DEAD_MEDIA), mediaSize, settings.alive());
        mediaServer =
                new ScriptedServer(request -> (connection, out) -> serveMedia(new Exchange(request, connection, out)));
        notes = new SyntheticNotes(random, media, "http://127.0.0.1:" + mediaServer.port(), () -> 1);
        noteEndpoint = new NoteEndpoint(settings, notes, false, settings.quota());
        videoEndpoint = new NoteEndpoint(settings, notes, true, SandboxSettings.UNLIMITED);
        script = new SandboxScript(noteEndpoint, videoEndpoint);
        apiServer =
                new ScriptedServer(request -> (connection, out) -> serveApi(new Exchange(request, connection, out)));
    }

    public static ScriptableSandbox start(SandboxSettings settings) {
        return start(settings, SandboxProvider.TOKEN, MEDIA_SIZE);
    }

    /** Starts both servers; a typical file has {@code mediaSize} bytes. */
    public static ScriptableSandbox start(SandboxSettings settings, String token, int mediaSize) {
        return new ScriptableSandbox(settings, token, mediaSize);
    }

    public URI baseUrl() {
        return URI.create("http://127.0.0.1:" + apiServer.port());
    }

    /** Returns host and port of the media server, as in all media URLs. */
    public String mediaHost() {
        return "127.0.0.1:" + mediaServer.port();
    }

    public String token() {
        return token;
    }

    public SandboxScript script() {
        return script;
    }

    /** Returns the first ids of the endless sequence that belongs to the seed; no two are equal. */
    public List<String> noteIds(int count) {
        return IntStream.range(0, count).mapToObj(notes::id).toList();
    }

    public List<String> noteIds(SandboxNoteKind kind, int count) {
        return Stream.iterate(0, index -> index + 1)
                .map(notes::id)
                .filter(id -> notes.kind(id) == kind)
                .limit(count)
                .toList();
    }

    public SandboxNoteKind kind(String noteId) {
        return notes.kind(noteId);
    }

    /** Returns the response to the first call about a note without failures; nothing is counted. */
    public ObjectNode envelope(String noteId) {
        return notes.envelope(noteId, 1);
    }

    /** Returns the response to the first call for a note's video without failures; nothing is counted. */
    public ObjectNode videoEnvelope(String noteId) {
        return notes.videoEnvelope(noteId, 1);
    }

    /** Returns the file of a URL, or of its path and query, regardless of script and settings. */
    public byte[] mediaBytes(String url) {
        return media.find(url)
                .orElseThrow(() -> new NoSuchElementException("The sandbox has no file at " + url))
                .body();
    }

    /** Returns the body last sent about a note. */
    public byte[] responseBytes(String noteId) {
        return log.response(noteId);
    }

    public byte[] videoResponseBytes(String noteId) {
        return videoLog.response(noteId);
    }

    /** Holds all responses to calls from now on, until {@link #releaseResponses()}. Calls are logged. */
    public void holdResponses() {
        responses.hold();
    }

    public void releaseResponses() {
        responses.open();
    }

    /** Waits until this many calls are held; fails on timeout. */
    public void awaitHeld(int calls, Duration timeout) {
        responses.awaitWaiting(calls, timeout);
    }

    /** Holds all responses of the media server from now on, until {@link #releaseMedia()}. */
    public void holdMedia() {
        mediaResponses.hold();
    }

    public void releaseMedia() {
        mediaResponses.open();
    }

    public void awaitHeldMedia(int requests, Duration timeout) {
        mediaResponses.awaitWaiting(requests, timeout);
    }

    public int calls() {
        return log.calls();
    }

    public int calls(String noteId) {
        return log.calls(noteId);
    }

    public int granted() {
        return log.bought().size();
    }

    /** Returns the notes of all responses with code 0, in order, with duplicates. */
    public List<String> bought() {
        return log.bought();
    }

    public int answered(int code) {
        return (int) log.seen().stream().filter(call -> call.code() == code).count();
    }

    public List<CallSeen> callsSeen() {
        return log.seen();
    }

    public int videoCalls() {
        return videoLog.calls();
    }

    public int videoCalls(String noteId) {
        return videoLog.calls(noteId);
    }

    /** Returns the notes of all videos delivered, in order, with duplicates. */
    public List<String> videosBought() {
        return videoLog.bought();
    }

    public List<CallSeen> videoCallsSeen() {
        return videoLog.seen();
    }

    public int mediaRequests() {
        return mediaTargets.size();
    }

    public int mediaRequests(String part) {
        return (int)
                mediaTargets.stream().filter(target -> target.contains(part)).count();
    }

    /** Clears the logs. Quota and script stay, and so do the call numbers that failures are drawn from. */
    public void resetCounts() {
        log.reset();
        videoLog.reset();
        mediaTargets.clear();
    }

    /** Closes all connections. Held and hanging calls get no response and are not billed. */
    @Override
    public void close() {
        apiServer.close();
        mediaServer.close();
    }

    private boolean serveApi(Exchange exchange) throws IOException, InterruptedException {
        return switch (exchange.path()) {
            case "/ping" -> {
                String date = DateTimeFormatter.RFC_1123_DATE_TIME.format(ZonedDateTime.now(ZoneOffset.UTC));
                yield exchange.send(Reply.normal().header("Date", date), 200, "text/plain", "pong".getBytes(UTF_8));
            }
            case NoteEndpoint.NOTE_PATH -> serveNote(exchange, noteEndpoint, log, script::replyFor);
            case NoteEndpoint.VIDEO_PATH -> serveNote(exchange, videoEndpoint, videoLog, script::videoReplyFor);
            default -> exchange.send(Reply.normal(), 404, "text/plain", new byte[0]);
        };
    }

    private boolean serveNote(
            Exchange exchange, NoteEndpoint endpoint, CallLog callLog, Function<String, Reply> replies)
            throws IOException, InterruptedException {
        Instant at = Instant.now();
        String noteId = exchange.parameter("noteId");
        callLog.received(noteId);
        boolean authorized = exchange.parameter("token").equals(token);
        NoteEndpoint.ServedCall call = endpoint.receive(noteId, authorized);
        Reply reply = authorized ? replies.apply(noteId) : Reply.code(100);
        responses.pass();
        Thread.sleep(script.spread(settings.latency()).plus(reply.delay()));

        if (reply.delivery() == Reply.Delivery.HANG) {
            script.hangUntilReleased();
        }
        String contentType = reply.content() instanceof Reply.Given given ? given.contentType() : NoteEndpoint.JSON;
        NoteEndpoint.NoteResponse response = switch (reply.content()) {
            case Reply.Usual _ -> endpoint.respond(call);
            case Reply.Sold(var change, int status) -> endpoint.deliver(call, status, change);
            case Reply.Coded(int code, int status) ->
                new NoteEndpoint.NoteResponse(
                        code, status, endpoint.refuse(call, code).body());
            case Reply.Given given -> given(given, endpoint);
            case Reply.Nothing _ -> new NoteEndpoint.NoteResponse(CallSeen.NO_CODE, 0, new byte[0]);
        };
        callLog.done(at, noteId, response);
        return exchange.send(reply, response.httpStatus(), contentType, response.body());
    }

    private static NoteEndpoint.NoteResponse given(Reply.Given given, NoteEndpoint endpoint) {
        int code = codeIn(given.body());
        if (code == 0) {
            boolean _ = endpoint.consumeQuota();
        }
        return new NoteEndpoint.NoteResponse(code, given.httpStatus(), given.body());
    }

    private static int codeIn(byte[] body) {
        try {
            return JsonMapper.shared().readTree(body).path("code").asInt(CallSeen.NO_CODE);
        } catch (JacksonException e) {
            return CallSeen.NO_CODE;
        }
    }

    private boolean serveMedia(Exchange exchange) throws IOException, InterruptedException {
        Request request = exchange.request();
        mediaTargets.add(request.target());
        Reply reply = script.mediaReplyFor(request.target());
        mediaResponses.pass();
        Thread.sleep(script.mediaLatency().plus(reply.delay()));
        if (reply.delivery() == Reply.Delivery.HANG) {
            script.hangUntilReleased();
        }
        SyntheticMedia.MediaResponse response = switch (reply.content()) {
            case Reply.Coded(int _, int status) -> SyntheticMedia.status(status);
            case Reply.Given(int _, String type, byte[] bytes) -> new SyntheticMedia.MediaResponse(200, type, bytes);
            case Reply.Usual _, Reply.Sold _, Reply.Nothing _ -> media.serve(request.target());
        };
        return exchange.send(reply, response.status(), response.contentType(), response.body());
    }

    /** Log of the calls of an endpoint. A call is logged when received, its response before it is sent. Thread-safe. */
    private static final class CallLog {

        private final List<String> received = new CopyOnWriteArrayList<>();
        private final List<CallSeen> seen = new CopyOnWriteArrayList<>();
        private final Map<String, byte[]> responses = new ConcurrentHashMap<>();

        void received(String noteId) {
            received.add(noteId);
        }

        void done(Instant at, String noteId, NoteEndpoint.NoteResponse response) {
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
}
