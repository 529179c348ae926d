package io.github.notearchive.job;

import org.springframework.stereotype.Component;

/** The run that this process is in. */
@Component
class ActiveRuns extends Current<ActiveRun> {

    ActiveRuns() {
        super("a run");
    }
}
