package io.github.notearchive.maintenance.verify;

import io.github.notearchive.archive.catalog.AuditRepository;
import io.github.notearchive.store.ListedObject;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.batch.infrastructure.item.Chunk;
import org.springframework.batch.infrastructure.item.ItemWriter;
import org.springframework.stereotype.Component;

/**
 * Compares a piece of the bucket's listing with the rows. An object that no slot uses and that is old enough is an
 * orphan; it is removed only if that was asked for.
 */
@Component
class BucketWriter implements ItemWriter<ListedObject> {

    private static final Logger log = LoggerFactory.getLogger(BucketWriter.class);

    private final AuditRepository catalog;
    private final FixityProperties settings;
    private final ActiveAudits audits;
    private final Clock clock;

    BucketWriter(AuditRepository catalog, FixityProperties settings, ActiveAudits audits, Clock clock) {
        this.catalog = catalog;
        this.settings = settings;
        this.audits = audits;
        this.clock = clock;
    }

    @Override
    public void write(Chunk<? extends ListedObject> listed) {
        ActiveAudit audit = audits.current();
        audit.listed.add(listed.size());
        Instant now = clock.instant();
        Instant oldEnough = now.minus(settings.orphanAge());
        List<ListedObject> orphans = new ArrayList<>();
        for (ListedObject object : catalog.unreferenced(listed.getItems())) {
            if (object.modified().isBefore(oldEnough)) {
                orphans.add(object);
            } else {
                audit.young.increment();
            }
        }
        catalog.recordOrphans(orphans, now, audit.jobExecutionId());
        for (ListedObject orphan : orphans) {
            log.warn("ORPHAN {}: {} bytes, put {}", orphan.name(), orphan.size(), orphan.modified());
        }
    }
}
