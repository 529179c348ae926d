package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.BrokenSidecarException;
import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Verdict;
import io.github.notearchive.archive.catalog.Verdict.Damaged;
import io.github.notearchive.archive.catalog.Verdict.Intact;
import io.github.notearchive.archive.catalog.Verdict.Unread;
import io.github.notearchive.archive.catalog.Verdict.Untouched;
import io.github.notearchive.provider.ResponseMemory;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.SequenceInputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CancellationException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import org.apache.commons.codec.digest.DigestUtils;
import org.springframework.stereotype.Component;

/**
 * Reads one object completely and compares it with the tables.
 *
 * <p>A file is read as a stream with 64 KiB of memory, a sidecar into memory. Temporary errors are retried
 * {@code archive.store.tries} times. Thread-safe.
 */
@Component
class ObjectCheck {

    /** Maximum length of a sidecar, far beyond that of the largest accepted response. Foreign objects may be larger. */
    private static final int LONGEST_SIDECAR = 128 << 20;

    private final ObjectStore store;

    /** Serializes the reading of large sidecars, to limit memory. */
    private final ReentrantLock large = new ReentrantLock();

    ObjectCheck(ObjectStore store) {
        this.store = store;
    }

    /**
     * Checks an object.
     *
     * @param ended whether to abort, queried between two buffers
     */
    Verdict check(Expected expected, BooleanSupplier ended) {
        if (ended.getAsBoolean()) {
            return new Untouched(expected);
        }
        try {
            return switch (expected) {
                case MediaFile file -> store.read(file.key(), (in, _) -> compare(file, in, ended));
                case SidecarFile sidecar -> checkSidecar(sidecar);
            };
        } catch (StoreException e) {
            if (!e.absent()) {
                return new Unread(expected, e);
            }
            return damaged(
                    expected, expected instanceof MediaFile ? Kind.MISSING : Kind.SIDECAR_MISSING, "no such key", 0);
        } catch (CancellationException e) {
            return new Untouched(expected);
        }
    }

    /** Returns the finding for an object that an available store does not return. */
    static Damaged unreadable(Unread unread) {
        return damaged(
                unread.expected(),
                Kind.UNREADABLE,
                String.valueOf(unread.error().getMessage()),
                0);
    }

    private static Damaged damaged(Expected expected, Kind kind, String seen, long bytes) {
        String description = switch (expected) {
            case MediaFile file -> file.size() + " bytes, sha256 " + file.sha256();
            case SidecarFile sidecar -> "the response of note " + sidecar.note() + " of " + sidecar.capturedAt();
        };
        return new Damaged(expected, new Damage(kind, description, seen), bytes);
    }

    private static Verdict compare(MediaFile file, InputStream in, BooleanSupplier ended) throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        byte[] buffer = new byte[64 * 1024];
        long size = 0;
        for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
            digest.update(buffer, 0, n);
            size += n;
            if (ended.getAsBoolean()) {
                throw new CancellationException("the audit ended");
            }
        }
        String sha256 = HexFormat.of().formatHex(digest.digest());
        if (size != file.size()) {
            return damaged(file, Kind.SIZE, size + " bytes", size);
        }
        return sha256.equals(file.sha256())
                ? new Intact(file, size)
                : damaged(file, Kind.CORRUPT, "sha256 " + sha256, size);
    }

    private Verdict checkSidecar(SidecarFile sidecar) {
        return store.read(sidecar.key(), (in, putSha256) -> {
            byte[] bytes = in.readNBytes(ResponseMemory.ORDINARY_SIZE);
            if (bytes.length < ResponseMemory.ORDINARY_SIZE) {
                return compare(sidecar, bytes, putSha256);
            }
            large.lock();
            try {
                InputStream all = new SequenceInputStream(new ByteArrayInputStream(bytes), in);
                return compare(sidecar, all.readNBytes(LONGEST_SIDECAR + 1), putSha256);
            } finally {
                large.unlock();
            }
        });
    }

    private static Verdict compare(SidecarFile sidecar, byte[] bytes, Optional<String> putSha256) {
        return flaw(sidecar, bytes, putSha256)
                .<Verdict>map(flaw -> damaged(sidecar, Kind.SIDECAR_CORRUPT, flaw, bytes.length))
                .orElseGet(() -> new Intact(sidecar, bytes.length));
    }

    /** Returns why these bytes are not the sidecar of its capture; empty if they are. */
    private static Optional<String> flaw(SidecarFile sidecar, byte[] bytes, Optional<String> putSha256) {
        if (bytes.length > LONGEST_SIDECAR) {
            return Optional.of("more than " + LONGEST_SIDECAR + " bytes");
        }
        try {
            Sidecar read = Sidecar.read(sidecar.key(), bytes);
            if (sidecar.answerSha256() != null
                    && !sidecar.answerSha256().equals(DigestUtils.sha256Hex(read.answer()))) {
                return Optional.of("another response than that of the ledger");
            }
        } catch (BrokenSidecarException e) {
            return Optional.of(bytes.length + " bytes that cannot be used: " + e.getMessage());
        }
        // the checksum of the upload only proves that the bytes are unchanged since then
        String sha256 = DigestUtils.sha256Hex(bytes);
        return putSha256
                .filter(put -> !put.equals(sha256))
                .map(put -> "sha256 " + sha256 + " instead of the uploaded " + put);
    }
}
