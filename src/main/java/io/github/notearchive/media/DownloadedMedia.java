package io.github.notearchive.media;

import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaType;
import java.util.List;

/**
 * A downloaded file in the spool, until it is closed.
 *
 * @param file the bytes as received; never empty
 * @param sha256 SHA-256 of the bytes, in lower-case hexadecimal
 * @param type detected from the first bytes
 * @param candidate the URL that was chosen
 * @param host host that sent the bytes, after redirects
 * @param length compares the number of bytes with {@code Content-Length}; never a mismatch, which is a failure
 * @param promisedSize compares the number of bytes with the provider's response; a mismatch was found in two downloads
 * @param promisedMd5 compares the MD5 with the provider's response; informative, since nothing documents which bytes it
 *     covers
 * @param remarks unusual features of the file, such as other dimensions than promised; in ASCII without quotes, usually
 *     none
 */
public record DownloadedMedia(
        SpoolFile file,
        String sha256,
        MediaType type,
        MediaCandidate candidate,
        String host,
        Comparison length,
        Comparison promisedSize,
        Comparison promisedMd5,
        List<String> remarks)
        implements AutoCloseable {

    public DownloadedMedia {
        remarks = List.copyOf(remarks);
    }

    /** Result of comparing a property of the file with what was promised. */
    public enum Comparison {
        MATCH,
        MISMATCH,
        /** Nothing was promised. */
        NONE;

        static Comparison of(boolean promised, boolean equal) {
            return promised ? equal ? MATCH : MISMATCH : NONE;
        }
    }

    /** Number of bytes. */
    public long size() {
        return file.size();
    }

    /** Deletes the file. Repetition has no effect. */
    @Override
    public void close() {
        file.close();
    }
}
