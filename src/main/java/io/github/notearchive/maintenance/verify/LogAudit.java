package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.Expected;
import io.github.notearchive.archive.catalog.Expected.Damage;
import io.github.notearchive.archive.catalog.Expected.Verdict;
import io.github.notearchive.batch.ExitCode;
import io.github.notearchive.maintenance.verify.VerifyRunner.AuditRun;
import io.github.notearchive.prove.CaptureLog;
import io.github.notearchive.prove.CaptureLog.DamagedLogException;
import io.github.notearchive.store.ObjectStore;
import io.github.notearchive.store.StoreException;
import java.util.Iterator;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** Audits the transparency log from its last audited checkpoint on; a closed gate ends it between two checkpoints. */
@Component
final class LogAudit {

    private final CaptureLog log;
    private final ObjectStore store;

    LogAudit(CaptureLog log, ObjectStore store) {
        this.log = log;
        this.store = store;
    }

    /** Returns a supplier that audits the log, and supplies its damage, then null. */
    Supplier<@Nullable Verdict> of(AuditRun audit) {
        Iterator<Verdict> damage =
                Stream.of(audit).flatMap(run -> damage(run).stream()).iterator();
        return () -> damage.hasNext() ? damage.next() : null;
    }

    private Optional<Verdict> damage(AuditRun audit) {
        Damage damage;
        try {
            boolean isMore = true;
            while (isMore && !audit.gate().isClosed()) {
                isMore = log.auditNext();
            }
            return Optional.empty();
        } catch (DamagedLogException e) {
            damage = new Damage(Damage.FindingKind.CORRUPT, String.valueOf(e.getMessage()));
        } catch (StoreException e) {
            damage = new Damage(Damage.FindingKind.UNREADABLE, String.valueOf(e.getMessage()));
            if (e.ofTheAccount() || !store.isReachable()) {
                audit.gate().close(ExitCode.UPSTREAM_UNAVAILABLE, damage.seen());
                return Optional.empty();
            }
        }
        return Optional.of(new Verdict(new Expected.LogObjects(CaptureLog.CHECKPOINT), damage, 0));
    }
}
