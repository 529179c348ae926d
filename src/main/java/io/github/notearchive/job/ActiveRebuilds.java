package io.github.notearchive.job;

import org.springframework.stereotype.Component;

/** The rebuild that this process is in. */
@Component
class ActiveRebuilds extends Current<ActiveRebuild> {

    ActiveRebuilds() {
        super("a rebuild");
    }
}
