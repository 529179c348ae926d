package io.github.notearchive.maintenance.verify;

import io.github.notearchive.batch.Current;
import org.springframework.stereotype.Component;

/** The audit that this process is in. */
@Component
class ActiveAudits extends Current<ActiveAudit> {

    ActiveAudits() {
        super("an audit");
    }
}
