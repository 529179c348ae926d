package io.github.notearchive.sandbox;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

/**
 * Live control of the replies. Thread-safe. A call is assigned its reply when it is received, so a change does not
 * affect calls in progress.
 *
 * <p>Where several replies are given, each is used once, in order, and the last one permanently. A wrong token is
 * refused regardless of the script.
 */
public final class SandboxScript {

    /** Key of the replies that calls without a script of their own share. */
    private static final String ALL = "";

    private final NoteEndpoint noteEndpoint;
    private final NoteEndpoint videoEndpoint;
    private final Map<String, Deque<Reply>> notes = new HashMap<>();
    private final Map<String, Deque<Reply>> videos = new HashMap<>();
    private final List<MediaRule> mediaRules = new ArrayList<>();
    private final Barrier hung = new Barrier();
    private Duration mediaLatency = Duration.ZERO;
    private double latencySpread;

    SandboxScript(NoteEndpoint noteEndpoint, NoteEndpoint videoEndpoint) {
        this.noteEndpoint = noteEndpoint;
        this.videoEndpoint = videoEndpoint;
        hung.hold();
    }

    /** Sets the number of notes that are delivered from now on before code 303. */
    public SandboxScript grants(int count) {
        noteEndpoint.grant(count);
        return this;
    }

    /** Sets the number of videos that are delivered from now on before code 303; unlimited at first. */
    public SandboxScript grantsVideos(int count) {
        videoEndpoint.grant(count);
        return this;
    }

    public SandboxScript unlimited() {
        return grants(SandboxSettings.UNLIMITED).grantsVideos(SandboxSettings.UNLIMITED);
    }

    /** Varies the latency of each call at random by up to this share of it; 0 at first. */
    public synchronized SandboxScript latencySpread(double share) {
        latencySpread = share;
        return this;
    }

    public synchronized SandboxScript mediaLatency(Duration latency) {
        mediaLatency = latency;
        return this;
    }

    public synchronized SandboxScript answers(String noteId, Reply... replies) {
        notes.put(noteId, new ArrayDeque<>(List.of(replies)));
        return this;
    }

    public SandboxScript always(String noteId, Reply reply) {
        return answers(noteId, reply);
    }

    /** Replaces the replies that calls about notes without a script of their own share. */
    public SandboxScript answersAll(Reply... replies) {
        return answers(ALL, replies);
    }

    public synchronized SandboxScript answersVideo(String noteId, Reply... replies) {
        videos.put(noteId, new ArrayDeque<>(List.of(replies)));
        return this;
    }

    /**
     * Adds replies to media requests whose target matches: path and query as sent. Of several matching rules, the
     * latest one applies.
     */
    public synchronized SandboxScript media(Predicate<String> target, Reply... replies) {
        mediaRules.addFirst(new MediaRule(target, new ArrayDeque<>(List.of(replies))));
        return this;
    }

    /** Removes all replies for notes and media. Quotas and latencies stay. */
    public synchronized SandboxScript clear() {
        notes.clear();
        videos.clear();
        mediaRules.clear();
        return this;
    }

    /** Resets all connections that hang now. */
    public SandboxScript releaseHung() {
        hung.releaseWaiting();
        return this;
    }

    synchronized Reply replyFor(String noteId) {
        return next(notes, noteId);
    }

    synchronized Reply videoReplyFor(String noteId) {
        return next(videos, noteId);
    }

    synchronized Reply mediaReplyFor(String target) {
        return mediaRules.stream()
                .filter(rule -> rule.target.test(target))
                .findFirst()
                .map(rule -> next(rule.replies))
                .orElseGet(Reply::normal);
    }

    synchronized Duration spread(Duration latency) {
        double factor = 1 + latencySpread * ThreadLocalRandom.current().nextDouble(-1, 1);
        return Duration.ofNanos((long) (latency.toNanos() * factor));
    }

    synchronized Duration mediaLatency() {
        return mediaLatency;
    }

    void hangUntilReleased() throws InterruptedException {
        hung.pass();
    }

    private static Reply next(Map<String, Deque<Reply>> script, String noteId) {
        Deque<Reply> replies = script.getOrDefault(noteId, script.get(ALL));
        return replies == null ? Reply.normal() : next(replies);
    }

    private static Reply next(Deque<Reply> replies) {
        return replies.size() > 1 ? replies.removeFirst() : replies.getFirst();
    }

    private record MediaRule(Predicate<String> target, Deque<Reply> replies) {}

    /** Gate for threads: lets them pass, or holds them until it is opened. */
    static final class Barrier {

        private static final Duration POLL = Duration.ofMillis(10);

        private final AtomicInteger waiting = new AtomicInteger();
        private volatile CountDownLatch gate = new CountDownLatch(0);

        /** Holds all threads from now on. */
        synchronized void hold() {
            if (gate.getCount() == 0) {
                gate = new CountDownLatch(1);
            }
        }

        /** Releases all waiting threads; later ones are held. */
        synchronized void releaseWaiting() {
            CountDownLatch before = gate;
            gate = new CountDownLatch(1);
            before.countDown();
        }

        /** Releases all waiting threads and holds no later ones. */
        synchronized void open() {
            gate.countDown();
        }

        /** Waits until this thread is released; returns immediately if the gate is open. */
        void pass() throws InterruptedException {
            waiting.incrementAndGet();
            try {
                gate.await();
            } finally {
                waiting.decrementAndGet();
            }
        }

        /** Waits until this many threads are held; fails on timeout. */
        void awaitWaiting(int count, Duration timeout) {
            await("held requests").atMost(timeout).pollInterval(POLL).until(waiting::get, held -> held >= count);
        }
    }
}
