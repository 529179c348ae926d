package io.github.notearchive.provider;

import io.github.notearchive.note.NoteCapture;
import java.time.Instant;

/**
 * Client that fetches notes.
 *
 * <p>A fetch waits for the rate limit, for pauses and for the response; each wait is bounded. A repetition may be
 * billed again, unless the implementation has a stored response. All methods throw {@link CallsEndedException} if calls
 * have ended and {@link InterruptedException} if the thread is interrupted; nothing was sent then.
 */
public interface NoteClient {

    /** Fetches one note. */
    FetchOutcome fetch(FetchRequest request) throws InterruptedException;

    /**
     * Fetches an archived note again, within our own limit of such calls.
     *
     * @param since earliest time of a sufficient response; the new one is received then or later
     */
    FetchOutcome refresh(FetchRequest request, Instant since) throws InterruptedException;

    /**
     * Fetches the video of a video note whose response contains none. This is another call, billed by itself, also if
     * the note is no video.
     *
     * @param detail response without the video; the new one is received later
     */
    FetchOutcome fetchVideo(FetchRequest request, NoteCapture detail) throws InterruptedException;
}
