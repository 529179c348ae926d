package io.github.notearchive.sandbox;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Live control over what the sandbox answers. May be changed by any thread at any time; a call is given its reply when
 * it is received, so a change does not reach those already under way.
 *
 * <p>Where several replies are given, each is used once, in order, and the last for ever after. A wrong token is
 * refused before any script is asked.
 */
public final class SandboxScript {

    private final Map<String, Replies<Reply>> byNote = new HashMap<>();
    private final Map<String, Replies<Reply>> videosByNote = new HashMap<>();
    private final List<MediaRule> mediaRules = new ArrayList<>();
    private final Barrier hung = new Barrier(true);
    private @Nullable Replies<Reply> forAll;
    private @Nullable Replies<Reply> forAllVideos;
    private int grantsLeft;
    private int videoGrantsLeft = SandboxSettings.UNLIMITED;

    SandboxScript(int quota) {
        this.grantsLeft = quota;
    }

    /** From now on this many answers with code 0 are granted; after them comes code 303. */
    public synchronized SandboxScript grants(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("Grants must not be negative, but are " + count);
        }
        grantsLeft = count;
        return this;
    }

    /** The same for answers with videos, which have a quota of their own: none at first. */
    public synchronized SandboxScript grantsVideos(int count) {
        if (count < 0) {
            throw new IllegalArgumentException("Grants must not be negative, but are " + count);
        }
        videoGrantsLeft = count;
        return this;
    }

    /** From now on every answer is granted. */
    public synchronized SandboxScript unlimited() {
        grantsLeft = SandboxSettings.UNLIMITED;
        videoGrantsLeft = SandboxSettings.UNLIMITED;
        return this;
    }

    /** Calls about this note get these replies, in place of what was scripted for it before. */
    public synchronized SandboxScript answers(String noteId, Reply... replies) {
        byNote.put(noteId, new Replies<>(replies));
        return this;
    }

    /** Calls for this note's video get these replies, in place of what was scripted before. */
    public synchronized SandboxScript answersVideo(String noteId, Reply... replies) {
        videosByNote.put(noteId, new Replies<>(replies));
        return this;
    }

    /** Calls for videos of notes without a script of their own for it share these replies. */
    public synchronized SandboxScript answersAllVideos(Reply... replies) {
        forAllVideos = new Replies<>(replies);
        return this;
    }

    /** Every call about this note gets this reply. */
    public SandboxScript always(String noteId, Reply reply) {
        return answers(noteId, reply);
    }

    /** Calls about notes without a script of their own share these replies. */
    public synchronized SandboxScript answersAll(Reply... replies) {
        forAll = new Replies<>(replies);
        return this;
    }

    /**
     * Media requests get these replies when their target, path and query as sent, matches. Where several rules match,
     * the latest rules.
     */
    public synchronized SandboxScript media(Predicate<String> target, MediaReply... replies) {
        mediaRules.addFirst(new MediaRule(target, new Replies<>(replies)));
        return this;
    }

    /** Forgets all replies for notes and media; grants stay as they are. */
    public synchronized SandboxScript clear() {
        byNote.clear();
        videosByNote.clear();
        mediaRules.clear();
        forAll = null;
        forAllVideos = null;
        return this;
    }

    /** Ends whatever hangs right now: those connections are reset. */
    public SandboxScript releaseHung() {
        hung.letGo();
        return this;
    }

    synchronized Reply replyFor(String noteId) {
        Replies<Reply> own = byNote.get(noteId);
        if (own != null) {
            return own.next();
        }
        return forAll == null ? Reply.normal() : forAll.next();
    }

    synchronized Reply videoReplyFor(String noteId) {
        Replies<Reply> own = videosByNote.get(noteId);
        if (own != null) {
            return own.next();
        }
        return forAllVideos == null ? Reply.normal() : forAllVideos.next();
    }

    synchronized MediaReply mediaReplyFor(String target) {
        for (MediaRule rule : mediaRules) {
            if (rule.target.test(target)) {
                return rule.replies.next();
            }
        }
        return MediaReply.normal();
    }

    /** Takes a grant, unless none is left. */
    synchronized boolean takeGrant() {
        if (grantsLeft == 0) {
            return false;
        }
        if (grantsLeft != SandboxSettings.UNLIMITED) {
            grantsLeft--;
        }
        return true;
    }

    /** The same for an answer with a video. */
    synchronized boolean takeVideoGrant() {
        if (videoGrantsLeft == 0) {
            return false;
        }
        if (videoGrantsLeft != SandboxSettings.UNLIMITED) {
            videoGrantsLeft--;
        }
        return true;
    }

    /** Returns when released. */
    void hangUntilReleased() throws InterruptedException {
        hung.pass();
    }

    private record MediaRule(Predicate<String> target, Replies<MediaReply> replies) {}

    /** Each once, the last for ever. */
    private static final class Replies<R> {

        private final ArrayDeque<R> left;

        Replies(R[] replies) {
            if (replies.length == 0) {
                throw new IllegalArgumentException("A script needs at least one reply");
            }
            left = new ArrayDeque<>(List.of(replies));
        }

        R next() {
            return left.size() > 1 ? left.removeFirst() : left.getFirst();
        }
    }
}
