package io.github.notearchive.provider;

import io.github.notearchive.note.NoteCapture;
import java.time.Instant;

/** Where the detail of a note comes from. */
public interface NoteClient {

    /**
     * Asks about one note and waits for the outcome.
     *
     * <p>May wait long: for its turn, for a pause to end, and for the answer. Each of these waits is bounded. A repeat
     * may cost money, unless the implementation says that it holds the answer already.
     *
     * @throws CallsEndedException when no more calls are wanted; nothing was sent then
     * @throws InterruptedException when the waiting thread is interrupted; nothing was sent then
     */
    FetchOutcome fetch(FetchRequest inquiry) throws InterruptedException;

    /**
     * Asks anew about a note that is archived, and waits as {@link #fetch} does. There is a limit of our own to these
     * calls, within that of all.
     *
     * @param since an answer that was received before does not count, whoever holds it; the new one is received then or
     *     later
     * @throws CallsEndedException when no more calls are wanted; nothing was sent then
     * @throws InterruptedException when the waiting thread is interrupted; nothing was sent then
     */
    FetchOutcome refresh(FetchRequest inquiry, Instant since) throws InterruptedException;

    /**
     * Asks for the video of a note whose answer carries none, which is another call with a bill of its own, and waits
     * as {@link #fetch} does. Of a note that is no video the provider knows nothing here, and charges for saying so.
     *
     * @param detail the answer without the video; the new one is received after it
     * @throws CallsEndedException when no more calls are wanted; nothing was sent then
     * @throws InterruptedException when the waiting thread is interrupted; nothing was sent then
     */
    FetchOutcome fetchVideo(FetchRequest inquiry, NoteCapture detail) throws InterruptedException;
}
