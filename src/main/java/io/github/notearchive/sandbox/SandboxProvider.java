package io.github.notearchive.sandbox;

import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tools.jackson.databind.node.ObjectNode;

/**
 * A note provider and its media server inside this process, on two ports of 127.0.0.1.
 *
 * <p>All counts are exact under any number of concurrent calls: a call counts when it has been received, an answer
 * counts before its first byte is sent. So whoever has an answer in hand finds it counted, and whoever gave up waiting
 * may have bought it all the same.
 */
public final class SandboxProvider implements AutoCloseable {

    private final SandboxSettings settings;
    private final SandboxScript script;
    private final CallLog log = new CallLog();
    private final CallLog videoLog = new CallLog();
    private final Barrier answers = new Barrier(false);
    private final Barrier mediaAnswers = new Barrier(false);
    private final SyntheticMedia media;
    private final SyntheticNotes notes;
    private final LoopbackServer mediaServer;
    private final LoopbackServer apiServer;

    private SandboxProvider(SandboxSettings settings) {
        this.settings = settings;
        this.script = new SandboxScript(settings.quota());
        Chance chance = new Chance(settings.seed());
        this.media = new SyntheticMedia(chance, settings.deadMedia(), settings.mediaSize());
        this.mediaServer = LoopbackServer.listen(
                settings.mediaPort(), new MediaEndpoint(settings, media, script, log, mediaAnswers));
        this.notes = new SyntheticNotes(chance, media, "http://127.0.0.1:" + mediaServer.port());
        try {
            this.apiServer = LoopbackServer.listen(
                    settings.apiPort(), new DetailEndpoint(settings, notes, script, log, videoLog, answers));
        } catch (RuntimeException e) {
            mediaServer.close();
            throw e;
        }
    }

    /**
     * Starts both servers; they answer from now on.
     *
     * @throws java.io.UncheckedIOException when a port of the settings is taken
     */
    public static SandboxProvider start(SandboxSettings settings) {
        return new SandboxProvider(settings);
    }

    /** Where the provider listens, without a path. */
    public URI baseUrl() {
        return URI.create("http://127.0.0.1:" + apiServer.port());
    }

    /** Host and port of the media server, as they stand in all media addresses. */
    public String mediaHost() {
        return "127.0.0.1:" + mediaServer.port();
    }

    /** The token that is accepted. */
    public String token() {
        return settings.token();
    }

    /** What the next calls get. */
    public SandboxScript script() {
        return script;
    }

    /** The first ids of the endless list that belongs to the seed; no two are equal. */
    public List<String> noteIds(int count) {
        return IntStream.range(0, count).mapToObj(notes::id).toList();
    }

    /** The first ids in that list whose notes are of a kind. */
    public List<String> noteIds(SandboxNoteKind kind, int count) {
        return Stream.iterate(0, index -> index + 1)
                .map(notes::id)
                .filter(id -> notes.kind(id) == kind)
                .limit(count)
                .toList();
    }

    /** What the note of any id consists of. */
    public SandboxNoteKind kind(String noteId) {
        return notes.kind(noteId);
    }

    /** The answer to the first ask about a note when nothing goes wrong; nothing is counted. */
    public ObjectNode envelope(String noteId) {
        return notes.envelope(noteId, 1);
    }

    /**
     * The file at an address, as the media server has it when neither script nor settings interfere.
     *
     * @param url a whole address or its path and query
     * @throws NoSuchElementException when there is no such file
     */
    public byte[] mediaBytes(String url) {
        return media.find(url)
                .orElseThrow(() -> new NoSuchElementException("The sandbox has no file at " + url))
                .bytes();
    }

    /**
     * The exact body last sent about a note. Of the last 1,000 notes that were asked about.
     *
     * @throws NoSuchElementException when no answer about it was sent
     */
    public byte[] answerBytes(String noteId) {
        return log.answer(noteId)
                .orElseThrow(() -> new NoSuchElementException("No answer about " + noteId + " was sent"));
    }

    /** Counts calls from now on, but answers none of them until {@link #releaseAnswers()}. */
    public void holdAnswers() {
        answers.hold();
    }

    /** Answers, and sells, what was held; later calls are answered as usual. */
    public void releaseAnswers() {
        answers.open();
    }

    /**
     * Returns as soon as at least so many calls are held.
     *
     * @throws IllegalStateException when they are not there in time
     */
    public void awaitHeld(int calls, Duration atMost) throws InterruptedException {
        answers.awaitWaiting(calls, atMost);
    }

    /** Counts media requests from now on, but answers none until {@link #releaseMedia()}. */
    public void holdMedia() {
        mediaAnswers.hold();
    }

    /** Serves what was held; later requests are served as usual. */
    public void releaseMedia() {
        mediaAnswers.open();
    }

    /**
     * Returns as soon as at least so many media requests are held.
     *
     * @throws IllegalStateException when they are not there in time
     */
    public void awaitHeldMedia(int requests, Duration atMost) throws InterruptedException {
        mediaAnswers.awaitWaiting(requests, atMost);
    }

    /** Detail requests received, answered or not. */
    public int calls() {
        return log.calls();
    }

    /** Detail requests received about one note. */
    public int calls(String noteId) {
        return log.calls(noteId);
    }

    /** Answers with code 0. */
    public int granted() {
        return log.bought().size();
    }

    /** The notes of all answers with code 0, in order, a note bought twice twice. */
    public List<String> bought() {
        return log.bought();
    }

    /** Answers with a code. */
    public int answered(int code) {
        return (int) log.seen().stream().filter(call -> call.code() == code).count();
    }

    /** Requests for videos received, answered or not; {@link #calls()} counts none of them. */
    public int videoCalls() {
        return videoLog.calls();
    }

    /** Requests for one note's video received. */
    public int videoCalls(String noteId) {
        return videoLog.calls(noteId);
    }

    /** The notes of all answers with code 0 to requests for videos, in order, a note bought twice twice. */
    public List<String> videosBought() {
        return videoLog.bought();
    }

    /** All requests for videos that the provider is done with, in the order of their answers. */
    public List<CallSeen> videoCallsSeen() {
        return videoLog.seen();
    }

    /** The answer to the first request for a note's video when nothing goes wrong; nothing is counted. */
    public ObjectNode videoEnvelope(String noteId) {
        return notes.videoEnvelope(noteId, 1);
    }

    /**
     * The exact body last sent to a request for a note's video. Of the last 1,000 such notes.
     *
     * @throws NoSuchElementException when no such answer was sent
     */
    public byte[] videoAnswerBytes(String noteId) {
        return videoLog.answer(noteId)
                .orElseThrow(() -> new NoSuchElementException("No answer with the video of " + noteId + " was sent"));
    }

    /** All calls that the provider is done with, in the order of their answers. */
    public List<CallSeen> callsSeen() {
        return log.seen();
    }

    /** The most calls received in any window of one second. */
    public int peakCallsPerSecond() {
        return log.peakPerSecond();
    }

    /** Requests that the media server received, answered or not. */
    public int mediaRequests() {
        return log.media().size();
    }

    /** Requests that the media server received whose path and query contain a text. */
    public int mediaRequests(String pathPart) {
        return (int)
                log.media().stream().filter(target -> target.contains(pathPart)).count();
    }

    /**
     * Sets all counts to zero and forgets all answers. Grants and scripts stay, and so does the number of asks that
     * mishaps are drawn from.
     */
    public void resetCounts() {
        log.reset();
        videoLog.reset();
    }

    /** Drops all connections; what was held or hung is never answered nor sold. */
    @Override
    public void close() {
        apiServer.close();
        mediaServer.close();
    }
}
