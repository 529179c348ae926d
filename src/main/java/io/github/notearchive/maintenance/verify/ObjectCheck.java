package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.Damage;
import io.github.notearchive.archive.catalog.Damage.Kind;
import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
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
import org.jspecify.annotations.Nullable;
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
     * Checks an object; empty if it was not read completely, since the audit has ended.
     *
     * @param ended whether to abort, queried between two buffers
     * @throws StoreException if the store returned an error, which does not describe the object during an outage
     */
    Optional<Verdict> check(Expected expected, BooleanSupplier ended) {
        if (ended.getAsBoolean()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    switch (expected) {
                        case MediaFile file -> store.read(file.key(), (in, _) -> compare(file, in, ended));
                        case SidecarFile sidecar -> checkSidecar(sidecar);
                    });
        } catch (CancellationException e) {
            return Optional.empty();
        } catch (StoreException e) {
            if (!e.absent()) {
                throw e;
            }
            Kind kind = expected instanceof MediaFile ? Kind.MISSING : Kind.SIDECAR_MISSING;
            return Optional.of(new Verdict(expected, new Damage(kind, "no such key"), 0));
        }
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
        Damage damage = null;
        if (size != file.size()) {
            damage = new Damage(Kind.SIZE, size + " bytes");
        } else if (!sha256.equals(file.sha256())) {
            damage = new Damage(Kind.CORRUPT, "sha256 " + sha256);
        }
        return new Verdict(file, damage, size);
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
        String flaw = flaw(sidecar, bytes, putSha256);
        return new Verdict(sidecar, flaw == null ? null : new Damage(Kind.SIDECAR_CORRUPT, flaw), bytes.length);
    }

    /** Returns why these bytes are not the sidecar of its capture; null if they are. */
    private static @Nullable String flaw(SidecarFile sidecar, byte[] bytes, Optional<String> putSha256) {
        if (bytes.length > LONGEST_SIDECAR) {
            return "more than " + LONGEST_SIDECAR + " bytes";
        }
        try {
            byte[] answer = Sidecar.read(sidecar.key(), bytes).answer();
            if (sidecar.answerSha256() != null && !sidecar.answerSha256().equals(DigestUtils.sha256Hex(answer))) {
                return "another response than that of the ledger";
            }
        } catch (BrokenSidecarException e) {
            return bytes.length + " bytes that cannot be used: " + e.getMessage();
        }
        // the checksum of the upload only proves that the bytes are unchanged since then
        String sha256 = DigestUtils.sha256Hex(bytes);
        return putSha256
                .filter(put -> !put.equals(sha256))
                .map(put -> "sha256 " + sha256 + " instead of the uploaded " + put)
                .orElse(null);
    }
}
