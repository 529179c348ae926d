package io.github.notearchive.media;

import io.github.notearchive.note.MediaCandidate;
import java.util.List;

/**
 * A downloaded file in the spool, until it is closed.
 *
 * @param file the bytes, exactly as received; never none
 * @param sha256 SHA-256 of the bytes as received, in lower-case hexadecimal
 * @param type by the first bytes
 * @param candidate the address that was chosen
 * @param host the host that the bytes came from, after redirects
 * @param length how the number of bytes compares with the server's {@code Content-Length}; never a mismatch, which is a
 *     failure
 * @param promisedSize how the number of bytes compares with the answer's; a mismatch held twice
 * @param promisedMd5 how the MD5 compares with the answer's; a hint, since nobody documents which bytes that covers
 * @param remarks what is odd about the file and no failure, such as other dimensions than promised; in ASCII without
 *     quotes, usually none
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

    /** How what came compares with what was promised. */
    public enum Comparison {
        MATCH,
        MISMATCH,
        /** Nothing was promised. */
        NONE;

        static Comparison of(boolean equal) {
            return equal ? MATCH : MISMATCH;
        }
    }

    /** How many bytes there are. */
    public long size() {
        return file.size();
    }

    /** Deletes the file. A repeat does nothing. */
    @Override
    public void close() {
        file.close();
    }
}
