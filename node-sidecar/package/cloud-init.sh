#!/bin/bash
# User data of a new media host, for cloud-init: makes Helmsman run beside MistServer, which the image brings with Node 24.
# Fill in the five lines. The enrolment token is good once, so that user data may be read later without harm.
set -euo pipefail

DOMAIN=${DOMAIN:-video.example}
# The platform's region that is nearest; empty is the central one.
REGION=${REGION:-}
ENROLMENT_TOKEN=${ENROLMENT_TOKEN:-en_REPLACE_ME}
NODE_ADDRESS=${NODE_ADDRESS:-https://edge1.video.example}
HELMSMAN_PACKAGE=${HELMSMAN_PACKAGE:-https://downloads.video.example/frameworks-helmsman.tgz}

npm install --global "$HELMSMAN_PACKAGE"
# Enrolling is safe to repeat, as cloud-init may run this again.
ENROLMENT_TOKEN="$ENROLMENT_TOKEN" helmsman enrol --domain "$DOMAIN" ${REGION:+--region "$REGION"} --address "$NODE_ADDRESS"
id helmsman > /dev/null 2>&1 || useradd --system helmsman
cp "$(npm root --global)/frameworks-helmsman/helmsman.service" "${SYSTEMD_FOLDER:-/etc/systemd/system}/"
systemctl daemon-reload
systemctl enable --now helmsman
