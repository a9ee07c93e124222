"""The exchange of teachers (交流轮岗): who moves where, and what that did for those who received and sent."""
