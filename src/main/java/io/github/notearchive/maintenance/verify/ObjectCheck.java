package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Damage.FindingKind;
import io.github.notearchive.archive.catalog.Expected.LogObjects;
import io.github.notearchive.archive.catalog.Expected.MediaFile;
import io.github.notearchive.archive.catalog.Expected.SidecarFile;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.archive.catalog.RestorableSidecar;
import io.github.notearchive.archive.catalog.Sidecar;
import io.github.notearchive.archive.catalog.Sidecar.BrokenSidecarException;
import io.github.notearchive.archive.catalog.SidecarComparison;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.Optional;
import java.util.concurrent.CancellationException;
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
public class ObjectCheck {

    /** Maximum length of a sidecar, far beyond that of the largest accepted response. Foreign objects may be larger. */
    private static final int LONGEST_SIDECAR = 128 << 20;

    private final ObjectStore store;
    private final SidecarComparison tables;

    ObjectCheck(ObjectStore store, SidecarComparison tables) {
        this.store = store;
        this.tables = tables;
    }

    boolean isStoreReachable() {
        return store.isReachable();
    }

    /** Checks an object, however long that takes. */
    @Nullable
    Verdict check(Expected expected) {
        return check(expected, () -> false);
    }

    /**
     * Checks an object; fails for an error of the store, which does not describe the object during an outage.
     *
     * @param ended queried while a file is read
     * @return null for a sidecar while a run works on its note, or while it is due
     * @throws CancellationException if the check has ended before its verdict
     */
    @Nullable
    Verdict check(Expected expected, BooleanSupplier ended) {
        try {
            return switch (expected) {
                case MediaFile file -> store.read(file.key(), (in, _) -> compare(file, in, ended));
                case SidecarFile sidecar -> checkSidecar(sidecar);
                case LogObjects log -> throw new IllegalArgumentException(log.description());
            };
        } catch (StoreException e) {
            if (!e.absent()) {
                throw e;
            }
            FindingKind kind = expected instanceof MediaFile ? FindingKind.MISSING : FindingKind.SIDECAR_MISSING;
            return new Verdict(expected, new Damage(kind, "no such key"), 0);
        }
    }

    private static Verdict compare(MediaFile file, InputStream in, BooleanSupplier ended) throws IOException {
        MessageDigest digest = DigestUtils.getSha256Digest();
        byte[] buffer = new byte[64 * 1024];
        long size = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            if (ended.getAsBoolean()) {
                throw new CancellationException("the audit has ended");
            }
            digest.update(buffer, 0, count);
            size += count;
        }
        String sha256 = HexFormat.of().formatHex(digest.digest());
        Damage damage = null;
        if (size != file.size()) {
            damage = new Damage(FindingKind.SIZE, size + " bytes");
        } else if (!sha256.equals(file.sha256())) {
            damage = new Damage(FindingKind.CORRUPT, "sha256 " + sha256);
        }
        return new Verdict(file, damage, size);
    }

    /** Reads a sidecar that differs from the tables again while no run can change either. */
    private @Nullable Verdict checkSidecar(SidecarFile sidecar) {
        Verdict verdict = readSidecar(sidecar);
        Damage damage = verdict.damage();
        return damage != null && damage.kind() == FindingKind.SIDECAR_STALE
                ? tables.whileWritten(sidecar.note(), () -> readSidecar(sidecar))
                        .orElse(null)
                : verdict;
    }

    private Verdict readSidecar(SidecarFile sidecar) {
        return Sidecar.open(
                        store,
                        sidecar.key(),
                        LONGEST_SIDECAR + 1,
                        (bytes, putSha256) -> new Verdict(sidecar, damage(sidecar, bytes, putSha256), bytes.length))
                .get();
    }

    /** Returns why these bytes are not the sidecar of its capture, or not the current one; null if they are. */
    private @Nullable Damage damage(SidecarFile sidecar, byte[] bytes, Optional<String> putSha256) {
        if (bytes.length > LONGEST_SIDECAR) {
            return new Damage(FindingKind.SIDECAR_CORRUPT, "more than " + LONGEST_SIDECAR + " bytes");
        }
        try {
            RestorableSidecar found =
                    RestorableSidecar.read(Sidecar.keyOf(sidecar.note(), sidecar.capturedAt()), bytes);
            String responseSha256 = DigestUtils.sha256Hex(found.sidecar().response());
            if (sidecar.responseSha256() != null && !sidecar.responseSha256().equals(responseSha256)) {
                return new Damage(FindingKind.SIDECAR_CORRUPT, "another response than that of the ledger");
            }
            // the checksum of the upload only proves that the bytes are unchanged since then
            String sha256 = DigestUtils.sha256Hex(bytes);
            if (putSha256.isPresent() && !putSha256.get().equals(sha256)) {
                return new Damage(
                        FindingKind.SIDECAR_CORRUPT,
                        "sha256 " + sha256 + " instead of the uploaded " + putSha256.get());
            }
            return tables.difference(found)
                    .map(difference -> new Damage(FindingKind.SIDECAR_STALE, difference))
                    .orElse(null);
        } catch (BrokenSidecarException e) {
            return new Damage(
                    FindingKind.SIDECAR_CORRUPT, bytes.length + " bytes that cannot be used: " + e.getMessage());
        }
    }
}
