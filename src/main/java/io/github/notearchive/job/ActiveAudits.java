package io.github.notearchive.job;

import org.springframework.stereotype.Component;

/** The audit that this process is in. */
@Component
class ActiveAudits extends Current<ActiveAudit> {

    ActiveAudits() {
        super("an audit");
    }
}
