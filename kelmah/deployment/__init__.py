"""Running Kelmah elsewhere than on one machine: the routes of a gateway, and the files that describe a deployment."""
