package io.github.notearchive.media;

import io.github.notearchive.media.Spool.SpoolFile;
import io.github.notearchive.media.format.FileCheck;
import io.github.notearchive.media.format.FileCheck.Dimensions;
import io.github.notearchive.note.MediaCandidate;
import io.github.notearchive.note.MediaKind;
import io.github.notearchive.note.MediaType;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A downloaded file in the spool, until it is closed.
 *
 * @param file the bytes as received; never empty
 * @param sha256 SHA-256 of the bytes, in lower-case hexadecimal
 * @param md5 MD5 of the bytes, in lower-case hexadecimal; null if the response promises none
 * @param type detected from the first bytes
 * @param candidate the URL that was chosen
 * @param checks comparison with the promised size and MD5, and unusual features, as in {@code note_media.checks}; null
 *     if there are none
 */
public record DownloadedMedia(
        SpoolFile file,
        String sha256,
        @Nullable String md5,
        MediaType type,
        MediaCandidate candidate,
        @Nullable String checks)
        implements AutoCloseable {

    private static final int TINY_SIDE = 64;
    private static final long TINY_FILE = 200;
    private static final int PLACEHOLDER_FACTOR = 4;

    /**
     * Compares a complete file with what the provider's response promised.
     *
     * @throws FailedDownloadException if it is a placeholder, a tiny picture that a server sends instead of a large one
     *     that it lost
     */
    static DownloadedMedia of(SpoolFile file, MediaType type, MediaCandidate candidate, FileCheck.Complete check)
            throws FailedDownloadException {
        Dimensions actual = check.dimensions();
        Dimensions promised = candidate.width() == null || candidate.height() == null
                ? null
                : new Dimensions(candidate.width(), candidate.height());
        List<String> remarks = new ArrayList<>(check.remarks());
        if (actual != null && promised != null && !promised.isSameSize(actual, type)) {
            boolean tiny = file.size() < TINY_FILE || actual.longSide() <= TINY_SIDE;
            if (tiny && type.suits(MediaKind.IMAGE) && promised.exceeds(actual, PLACEHOLDER_FACTOR)) {
                throw FailedDownloadException.retryable("placeholder of " + actual + ", promised " + promised);
            }
            remarks.add("pixels " + actual + ", promised " + promised);
        }
        String md5 = file.md5();
        List<String> checks = new ArrayList<>();
        if (candidate.size() != null) {
            checks.add(candidate.size() == file.size() ? "size match" : "size mismatch");
        }
        if (candidate.md5() != null) {
            // stored only if a second download had the same bytes
            checks.add(candidate.md5().equalsIgnoreCase(md5) ? "md5 match" : "md5 mismatch in two downloads");
        }
        if (!remarks.isEmpty()) {
            checks.add("remarks \"" + String.join("; ", remarks) + "\"");
        }
        String all = checks.isEmpty() ? null : String.join(", ", checks);
        return new DownloadedMedia(file, file.sha256(), md5, type, candidate, all);
    }

    /** Returns whether the MD5 is not that of the response. Nothing documents which bytes that one covers. */
    boolean hasOtherMd5() {
        return candidate.md5() != null && !candidate.md5().equalsIgnoreCase(md5);
    }

    /** Returns whether size or MD5 are not those of the response. */
    public boolean differs() {
        return hasOtherMd5() || (candidate.size() != null && candidate.size() != size());
    }

    public long size() {
        return file.size();
    }

    /** Deletes the file. Repetition has no effect. */
    @Override
    public void close() {
        file.close();
    }
}
